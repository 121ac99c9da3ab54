use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
    time::{Duration, Instant},
};

use sse_core::{
    CloseReason, EventId, History, Hub, HubConfig, LastEventId, Output, Published, Since, Start,
    StringFormat, Subscriber, Token,
};

/// A hub and a clock that only the test moves.
pub(crate) struct World {
    pub(crate) hub: Arc<Hub>,
    pub(crate) now: Instant,
}

impl World {
    pub(crate) fn new(config: HubConfig) -> Self {
        Self { hub: Hub::new(config), now: epoch() }
    }

    pub(crate) fn remembering(history: History) -> Self {
        Self::new(quiet().with_history(history))
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// Publishes `data` and returns what became of it, with everyone woken.
    pub(crate) fn publish(&self, name: &str, data: &str) -> EventId {
        let published = self.post(name, data);
        published.id().cloned().unwrap()
    }

    pub(crate) fn post(&self, name: &str, data: &str) -> Published {
        self.hub.publish(&token(name), "ping", data.as_bytes(), self.now).unwrap()
    }

    pub(crate) fn close(&self, name: &str) {
        self.hub.publish(&token(name), "close", b"", self.now).unwrap().wake();
    }

    pub(crate) fn listen(&self, name: &str) -> Subscriber {
        self.hub.subscribe(&token(name), self.now).unwrap()
    }

    pub(crate) fn listen_since(&self, name: &str, since: Since) -> Subscriber {
        let start = Start::default().with_since(since);
        self.hub.subscribe_from(&token(name), &start, self.now).unwrap()
    }

    pub(crate) fn resume(&self, name: &str, id: impl AsRef<str>) -> Subscriber {
        let start = Start::from(LastEventId::new(Some(id.as_ref().as_bytes()), None));
        self.hub.subscribe_from(&token(name), &start, self.now).unwrap()
    }

    /// All that the listener has to write now.
    pub(crate) fn read(&self, listener: &mut Subscriber) -> String {
        let mut written = String::new();
        while let Output::Write(bytes) = listener.poll_output(Waker::noop(), self.now) {
            written += str::from_utf8(&bytes).unwrap();
        }
        written
    }

    /// All that the listener has to write, and why it is closed.
    pub(crate) fn read_to_end(&self, listener: &mut Subscriber) -> (String, CloseReason) {
        let written = self.read(listener);
        match listener.poll_output(Waker::noop(), self.now) {
            Output::Close(reason) => (written, reason),
            other => panic!("{other:?} after {written:?}"),
        }
    }
}

pub(crate) fn quiet() -> HubConfig {
    HubConfig::new(StringFormat).with_keepalive(None)
}

pub(crate) fn history() -> History {
    History::new(42)
}

pub(crate) fn token(name: &str) -> Token {
    Token::new(name).unwrap()
}

pub(crate) fn event(id: &EventId, data: &str) -> String {
    format!("id: {id}\nevent: ping\ndata: {data}\n\n")
}

pub(crate) fn anchor(id: impl std::fmt::Display) -> String {
    format!("id: {id}\n\n")
}

pub(crate) fn gap(id: impl std::fmt::Display, reason: &str, last: &str, missed: &str) -> String {
    format!(
        "id: {id}\nevent: sse.gap\n\
         data: {{\"reason\":\"{reason}\",\"requested\":{last},\"missed\":{missed}}}\n\n"
    )
}

#[derive(Default)]
pub(crate) struct Woken(AtomicUsize);

impl Woken {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
fn epoch() -> Instant {
    Instant::now()
}
