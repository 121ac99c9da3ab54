use std::sync::{Arc, Mutex};

use sse_core::{history::Position, wire::EventRef};

use super::{
    Shared, hash, lock,
    place::Place,
    record::{Step, Steps},
    told::Told,
};

/// What one client does and sees, for a [`Checker`](super::Checker).
///
/// It is over its connections: a client that comes back is the same one. As long as it has not
/// [left](Self::leave), all that is acknowledged has to reach it.
#[derive(Debug)]
pub struct CheckedClient {
    shared: Arc<Shared>,
    steps: Arc<Mutex<Steps>>,
    /// The place of the epoch that was seen last: most events are of the same.
    known: Option<(Position, Place)>,
}

impl CheckedClient {
    pub(super) fn new(shared: Arc<Shared>, steps: Arc<Mutex<Steps>>) -> Self {
        Self { shared, steps, known: None }
    }

    /// It connects, with `last` as its last event ID.
    pub fn connect(&mut self, last: Option<&str>) {
        let last = last.filter(|last| !last.is_empty()).map(Box::from);
        self.push(Step::Connected(last));
    }

    /// It sees an event, which may be one of the system's own.
    pub fn see(&mut self, event: EventRef<'_>) {
        let (name, data) = (event.name(), event.data());
        let is_of_the_system = name.starts_with("sse.");
        if is_of_the_system && !matches!(name, "sse.open" | "sse.gap") {
            return;
        }
        let position = Position::parse(event.last_event_id().as_bytes());
        let step = position.and_then(|position| {
            let at = self.place(position);
            match (name, data) {
                ("sse.open", r#"{"resume":"fresh"}"#) => Some(Step::Opened { is_ok: false, at }),
                ("sse.open", r#"{"resume":"ok"}"#) => Some(Step::Opened { is_ok: true, at }),
                ("sse.open", _) => None,
                ("sse.gap", _) => Told::parse(data, at).map(Box::new).map(Step::Gap),
                _ => Some(Step::Event { at, hash: hash(name, data) }),
            }
        });
        let strange = || {
            let id = event.last_event_id();
            let shown: String = data.chars().take(80).collect();
            Step::Strange(format!("{name:?} with the ID {id:?} and the data {shown:?}").into())
        };
        self.push(step.unwrap_or_else(strange));
    }

    /// It goes, and what is published from here on does not have to reach it, unless it
    /// [connects](Self::connect) again.
    pub fn leave(&mut self) {
        self.push(Step::Left);
    }

    fn push(&self, step: Step) {
        lock(&self.steps).0.push(step);
    }

    fn place(&mut self, position: Position) -> Place {
        match self.known {
            Some((known, place)) if known.epoch() == position.epoch() => {
                Place { seq: position.seq(), ..place }
            }
            _ => {
                let place = self.shared.place(position);
                self.known = Some((position, place));
                place
            }
        }
    }
}
