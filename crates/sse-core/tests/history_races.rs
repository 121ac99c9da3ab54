//! A channel that remembers little, with racing threads: who leaves and comes back sees every event once
//! and in order, or is told how many it missed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "threads that race wait and read the clock")]

use std::{
    collections::BTreeMap,
    sync::Arc,
    task::{Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use sse_core::{
    Hub, HubConfig, StringFormat, Token,
    channel::{CloseReason, Mode, OnOverrun, Output},
    history::{History, Position, Start},
    response::LastEventId,
};

const PUBLISHERS: u64 = 3;
const EVENTS: u64 = 4_000;
const LISTENERS: u64 = 4;

#[test]
fn who_leaves_and_comes_back_sees_every_event_or_its_gap() {
    for on_overrun in [OnOverrun::Close, OnOverrun::Gap] {
        let hub = Hub::new(
            HubConfig::new(StringFormat)
                .with_mode(Mode::Shared)
                .with_keepalive(None)
                .with_on_overrun(on_overrun)
                .with_history(History::new(42).with_max_events(64))
                .with_max_log_bytes(4 << 10),
        );
        let token = Token::new("42").unwrap();
        let first = publish(&hub, &token, "first");

        let (published, seen) = thread::scope(|scope| {
            let listeners: Vec<_> = (1..=LISTENERS)
                .map(|seed| {
                    let (hub, token) = (&hub, &token);
                    scope.spawn(move || Listener::new(first, seed).listen(hub, token))
                })
                .collect();
            let publishers: Vec<_> = (0..PUBLISHERS)
                .map(|publisher| {
                    let (hub, token) = (&hub, &token);
                    scope.spawn(move || {
                        let data = (0..EVENTS).map(|n| format!("{publisher} {n}"));
                        data.map(|data| (publish(hub, token, &data).seq(), data)).collect()
                    })
                })
                .collect();
            let published: Vec<Vec<(u64, String)>> =
                publishers.into_iter().map(|publisher| publisher.join().unwrap()).collect();
            publish(&hub, &token, LAST);
            let seen: Vec<_> =
                listeners.into_iter().map(|listener| listener.join().unwrap()).collect();
            (published, seen)
        });

        let published: BTreeMap<_, _> = published.into_iter().flatten().collect();
        assert!(published.keys().copied().eq(2..2 + PUBLISHERS * EVENTS), "each has its number");
        for listener in seen {
            assert_eq!(listener.last, 2 + PUBLISHERS * EVENTS);
            let missed = PUBLISHERS * EVENTS - u64::try_from(listener.events.len()).unwrap();
            assert_eq!(listener.missed, missed, "{on_overrun:?}");
            for (seq, data) in listener.events {
                assert_eq!(data, published[&seq]);
            }
        }
    }
}

/// What one listener has seen.
struct Listener {
    last: u64,
    epoch: String,
    events: BTreeMap<u64, String>,
    missed: u64,
    random: u64,
}

impl Listener {
    fn new(first: Position, seed: u64) -> Self {
        let (last, epoch) = (first.seq(), first.epoch().as_str().to_owned());
        Self { last, epoch, events: BTreeMap::new(), missed: 0, random: seed }
    }

    /// Listens again and again, up to the last event.
    fn listen(mut self, hub: &Arc<Hub>, token: &Token) -> Self {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        loop {
            let id = format!("{}.{}", self.last, self.epoch);
            let start = Start::from(LastEventId::new(Some(id.as_bytes()), None));
            let mut stream = hub.subscribe_from(token, &start, Instant::now()).unwrap();
            for _ in 0..self.next_random(20) {
                match stream.poll_output(&waker, Instant::now()) {
                    Output::Write(bytes) => {
                        if self.take(str::from_utf8(&bytes).unwrap()) {
                            return self;
                        }
                    }
                    Output::Close(reason) => {
                        assert!(matches!(reason, CloseReason::Overrun { .. }), "{reason:?}");
                        break;
                    }
                    _ => {
                        let asleep = Instant::now();
                        thread::park_timeout(HANG);
                        assert!(asleep.elapsed() < HANG, "it was never woken");
                    }
                }
                if self.next_random(8) == 0 {
                    thread::sleep(Duration::from_micros(200));
                }
            }
        }
    }

    /// Checks the blocks of a write; true at the last event.
    fn take(&mut self, text: &str) -> bool {
        for block in text.split_terminator("\n\n") {
            let field = |name| block.lines().find_map(|line| line.strip_prefix(name));
            let (seq, epoch) = field("id: ").unwrap().split_once('.').unwrap();
            assert_eq!(epoch, self.epoch);
            let seq: u64 = seq.parse().unwrap();
            match (field("event: "), field("data: ")) {
                (Some("sse.open"), Some(r#"{"resume":"ok"}"#)) => assert_eq!(seq, self.last),
                (Some("sse.gap"), Some(data)) => {
                    let (_, missed) = data.split_once("\"missed\":").unwrap();
                    let missed: u64 = missed.trim_end_matches('}').parse().unwrap();
                    self.missed += missed;
                    assert_eq!(seq, self.last + missed, "{block}");
                }
                (Some("ping"), Some(data)) => {
                    assert_eq!(seq, self.last + 1, "{block}");
                    if data == LAST {
                        self.last = seq;
                        return true;
                    }
                    self.events.insert(seq, data.to_owned());
                }
                _ => panic!("{block}"),
            }
            self.last = seq;
        }
        false
    }

    fn next_random(&mut self, limit: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.random >> 33) % limit
    }
}

/// Publishes, wakes, and returns the position.
fn publish(hub: &Hub, token: &Token, data: &str) -> Position {
    let published = hub.publish(token, "ping", data.as_bytes(), Instant::now()).unwrap();
    let position = Position::parse(published.id().unwrap().as_str().as_bytes()).unwrap();
    published.wake();
    position
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

const LAST: &str = "last";

/// A lost wake-up shows as this long a sleep.
const HANG: Duration = Duration::from_secs(30);
