//! A store whose answers are waited for.

use std::{
    sync::mpsc::{self, Receiver},
    time::Duration,
};

use sse_core::{Event, Token, wire::Frame};
use sse_redb::{Append, Outcome, Store, StoreConfig, Stored, StoredEvent};

pub(crate) fn token(name: &str) -> Token {
    Token::new(name).expect("a short name")
}

pub(crate) fn publication(channel: &str, data: &str) -> Append {
    Append::new(token(channel)).with_frame(Frame::from(Event::data(data)))
}

/// Calls `change` with what it shall tell the outcome to.
pub(crate) fn asked<E>(
    change: impl FnOnce(Box<dyn FnOnce(Outcome) + Send>) -> Result<(), E>,
) -> Result<Receiver<Outcome>, E> {
    let (tell, told) = mpsc::channel();
    change(Box::new(move |outcome| tell.send(outcome).unwrap_or_default()))?;
    Ok(told)
}

pub(crate) fn outcome(told: &Receiver<Outcome>) -> Outcome {
    told.recv_timeout(PATIENCE).expect("each change has an outcome")
}

/// What becomes of `append`, whether it was taken or not.
pub(crate) fn append(store: &Store, append: Append) -> Outcome {
    match asked(|done| store.append(append, done)) {
        Ok(told) => outcome(&told),
        Err(refused) => Outcome::Refused(refused),
    }
}

pub(crate) fn stored(outcome: Outcome) -> Stored {
    match outcome {
        Outcome::Safe(stored) => stored,
        other => panic!("not stored: {other:?}"),
    }
}

pub(crate) fn publish(store: &Store, channel: &str, data: &str) -> Stored {
    stored(append(store, publication(channel, data)))
}

pub(crate) fn flush(store: &Store) -> Outcome {
    asked(|done| store.flush(done)).map_or_else(Outcome::Refused, |told| outcome(&told))
}

/// All that `channel` keeps, by way of small pages.
pub(crate) fn events(store: &Store, channel: &str) -> Vec<StoredEvent> {
    let (mut events, mut after) = (Vec::new(), 0);
    loop {
        let page = store.page(&token(channel), after, 1_000).expect("the file is whole");
        assert_eq!(page.holes, []);
        events.extend(page.events);
        after = page.after;
        if page.is_last {
            return events;
        }
    }
}

/// The data of a frame of one line.
pub(crate) fn data(event: &StoredEvent) -> String {
    let text = str::from_utf8(event.frame.as_bytes()).expect("events are text");
    let line = text.lines().find_map(|line| line.strip_prefix("data: "));
    line.expect("there is data").to_owned()
}

/// Everything stays, so that a test has only the limits that it sets.
pub(crate) fn unlimited(dir: impl Into<std::path::PathBuf>) -> StoreConfig {
    StoreConfig::new(dir)
        .with_max_events(usize::MAX)
        .with_max_bytes(u64::MAX)
        .with_max_age(None)
        .with_forget_after(None)
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
