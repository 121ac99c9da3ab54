use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
    time::{Duration, Instant},
};

use sse_core::{
    Hub, HubConfig, StringFormat, Token,
    channel::{CloseReason, Output},
    event::EventId,
    history::{History, Since, Start},
    hub::{Counts, Post, PublishError, Published, Subscriber},
    response::LastEventId,
};

/// A hub and a clock that only the test moves.
///
/// When it is dropped, what the hub counts is compared with what it holds, and once the last
/// listener is gone, that is nothing.
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
        published.id().unwrap()
    }

    pub(crate) fn post(&self, name: &str, data: &str) -> Published {
        self.hub.publish(&token(name), "ping", data.as_bytes(), self.now).unwrap()
    }

    /// Publishes each line of `lines` as an event.
    pub(crate) fn batch(&self, name: &str, lines: &str) -> Result<Published, PublishError> {
        let post = Post::new("ping", lines.as_bytes()).with_batch();
        self.hub.post(&token(name), &post, self.now)
    }

    /// What the hub counts, once that was seen to be what it holds.
    pub(crate) fn counts(&self) -> Counts {
        let counts = self.hub.counts();
        assert_eq!(gauges(&counts), gauges(&self.hub.recount()), "counted, and held");
        counts
    }

    pub(crate) fn close(&self, name: &str) {
        self.hub.publish(&token(name), "close", b"", self.now).unwrap().wake();
    }

    /// Without history a stream begins with what is the same for all, and is read here.
    pub(crate) fn listen(&self, name: &str) -> Subscriber {
        let mut listener = self.hub.subscribe(&token(name), self.now).unwrap();
        if self.hub.config().history().is_none() {
            assert_eq!(listener.poll_output(Waker::noop(), self.now), Output::Write(OPEN.into()));
        }
        listener
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

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let counts = self.counts();
        if Arc::strong_count(&self.hub) == 1 {
            let held = (counts.listeners, counts.leaving, counts.unread_bytes, counts.joined_bytes);
            assert_eq!(held, (0, 0, 0, 0), "nobody is there");
        }
    }
}

/// The part of `counts` that is about now.
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

pub(crate) fn quiet() -> HubConfig {
    HubConfig::new(StringFormat).with_keepalive(None)
}

/// A hub whose channels hold so many bytes for listeners that have not read them.
pub(crate) fn bounded(max_log_bytes: usize) -> HubConfig {
    quiet().with_max_log_bytes(max_log_bytes)
}

pub(crate) fn history() -> History {
    History::new(42)
}

pub(crate) fn token(name: &str) -> Token {
    Token::new(name).unwrap()
}

/// The first block of a stream without history.
pub(crate) const OPEN: &str = "event: sse.open\nretry: 3000\ndata: {}\n\n";

/// An event without an ID, as it is written.
pub(crate) fn ping(data: &str) -> String {
    format!("event: ping\ndata: {data}\n\n")
}

/// What a frame costs that is written as `text`.
pub(crate) fn cost(text: &str) -> usize {
    text.len() + FRAME
}

/// What a frame costs beside its bytes.
pub(crate) const FRAME: usize = 128;

/// What the place of a forgotten channel costs beside its token.
pub(crate) const TOMBSTONE: usize = 256;

pub(crate) fn event(id: &EventId, data: &str) -> String {
    format!("event: ping\ndata: {data}\nid: {id}\n\n")
}

/// The first block for a listener that brought no ID.
pub(crate) fn fresh(anchor: impl std::fmt::Display) -> String {
    open("fresh", anchor)
}

/// The first block for a listener that has missed nothing which does not follow.
pub(crate) fn resumed(anchor: impl std::fmt::Display) -> String {
    open("ok", anchor)
}

fn open(verdict: &str, anchor: impl std::fmt::Display) -> String {
    format!("event: sse.open\nretry: 3000\ndata: {{\"resume\":\"{verdict}\"}}\nid: {anchor}\n\n")
}

/// What is told in a stream of events that were dropped before they were read.
pub(crate) fn gap(id: impl std::fmt::Display, reason: &str, last: &str, missed: &str) -> String {
    format!("event: sse.gap\n{}", gap_data(id, reason, last, missed))
}

/// The first block for a listener that may have missed something.
pub(crate) fn gap_first(
    id: impl std::fmt::Display,
    reason: &str,
    last: &str,
    missed: &str,
) -> String {
    format!("event: sse.gap\nretry: 3000\n{}", gap_data(id, reason, last, missed))
}

fn gap_data(id: impl std::fmt::Display, reason: &str, last: &str, missed: &str) -> String {
    format!(
        "data: {{\"reason\":\"{reason}\",\"requested\":{last},\"missed\":{missed}}}\nid: {id}\n\n"
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
pub(crate) fn epoch() -> Instant {
    Instant::now()
}
