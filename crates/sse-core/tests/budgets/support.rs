use std::{sync::Arc, task::Waker, time::Instant};

use sse_core::{
    Hub, HubConfig, StringFormat, Token,
    channel::Output,
    event::EventId,
    history::{Start, Verdict},
    hub::{Counts, Published, Subscriber},
    response::LastEventId,
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

    /// A listener whose first block was written, if that is the same for all.
    pub(crate) fn listen(&self, name: &str) -> Subscriber {
        let mut listener = self.hub.subscribe(&token(name), self.now).unwrap();
        let open = listener.poll_output(Waker::noop(), self.now);
        assert!(matches!(open, Output::Write(_)));
        listener
    }

    /// An event of `len` bytes of data, which without an ID are 20 bytes more on the wire; returns the
    /// channels on which listeners fell out.
    pub(crate) fn publish(&self, name: &str, len: usize) -> Vec<String> {
        let published = self.post(name, len);
        published.overrun().iter().map(|overrun| overrun.token.to_string()).collect()
    }

    /// The same with an event that costs so much in the log, without an ID.
    pub(crate) fn fill(&self, name: &str, cost: usize) -> Vec<String> {
        self.publish(name, cost - FRAME - 20)
    }

    fn post(&self, name: &str, len: usize) -> Published {
        let body = vec![b'x'; len];
        self.hub.publish(&token(name), "ping", &body, self.now).unwrap()
    }

    pub(crate) fn publish_id(&self, name: &str, len: usize) -> EventId {
        self.post(name, len).id().unwrap()
    }

    /// How many bytes the listener has to write now.
    pub(crate) fn read(&self, listener: &mut Subscriber) -> usize {
        let mut len = 0;
        while let Output::Write(bytes) = listener.poll_output(Waker::noop(), self.now) {
            len += bytes.len();
        }
        len
    }

    /// What the listener is to do once it has written what there is.
    pub(crate) fn end(&self, listener: &mut Subscriber) -> Output {
        self.read(listener);
        listener.poll_output(Waker::noop(), self.now)
    }

    /// What a client is told that comes back with `id`.
    pub(crate) fn verdict(&self, name: &str, id: &EventId) -> Verdict {
        let start = Start::from(LastEventId::new(Some(id.as_str().as_bytes()), None));
        let listener = self.hub.subscribe_from(&token(name), &start, self.now).unwrap();
        listener.resume().unwrap().verdict().clone()
    }

    /// What is counted, once that was seen to be what is held.
    pub(crate) fn counts(&self) -> Counts {
        let [counts, held] = [self.hub.counts(), self.hub.recount()];
        assert_eq!(gauges(&counts), gauges(&held), "counted, and held");
        counts
    }
}

fn gauges(counts: &Counts) -> [(&'static str, usize); 7] {
    [
        ("channels", counts.channels),
        ("listeners", counts.listeners),
        ("leaving", counts.leaving),
        ("unread", counts.unread_bytes),
        ("joined", counts.joined_bytes),
        ("history", counts.history_bytes),
        ("tombstones", counts.tombstones),
    ]
}

/// What a frame costs beside its bytes.
pub(crate) const FRAME: usize = 128;

/// What the place of a forgotten channel costs beside its token.
pub(crate) const TOMBSTONE: usize = 256;

pub(crate) fn quiet() -> HubConfig {
    HubConfig::new(StringFormat).with_keepalive(None)
}

pub(crate) fn token(name: &str) -> Token {
    Token::new(name).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
fn epoch() -> Instant {
    Instant::now()
}
