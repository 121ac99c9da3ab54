//! A log and its subscriptions against a naive model under random operations.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use sse_core::{CloseReason, Log, LogConfig, Output, Subscription, SubscriptionConfig};

const MAX_BYTES: usize = 2_000;
const MAX_WRITE: usize = 16 << 10;

proptest! {
    #[test]
    fn subscriptions_read_what_a_log_without_bounds_would_give(steps in vec(step(), 1..200)) {
        let mut run = Run::new();
        for step in steps {
            run.take(step);
        }
        run.read_to_the_end();
    }
}

#[test]
fn a_write_joins_up_to_16_kib_and_splits_no_frame() {
    let (mut log, now) = (Log::new(LogConfig::default()), epoch());
    let mut subscription = Subscription::new(quiet(), &log, now);
    for len in [10_000, 6_000, 384, 1, 20_000, 1] {
        log.append(Bytes::from(vec![b'x'; len]), now);
    }

    let mut writes = Vec::new();
    while let Output::Write(bytes) = subscription.poll_output(&mut log, now) {
        writes.push(bytes.len());
    }

    assert_eq!(writes, [16_384, 1, 20_000, 1]);
}

#[test]
fn subscribers_in_step_share_the_joined_bytes() {
    let (mut log, now) = (Log::new(LogConfig::default()), epoch());
    let mut subscriptions = [(); 2].map(|()| Subscription::new(quiet(), &log, now));
    log.append("data: 1\n\n".into(), now);
    log.append("data: 2\n\n".into(), now);

    let [one, other] = subscriptions.each_mut().map(|subscription| {
        let Output::Write(bytes) = subscription.poll_output(&mut log, now) else {
            panic!("two frames wait");
        };
        bytes
    });

    assert_eq!(one.as_ptr(), other.as_ptr());
}

#[test]
fn many_tiny_frames_cost_more_than_their_bytes() {
    let mut log = Log::new(LogConfig::default().with_max_bytes(10_000));

    for _ in 0..10_000 {
        log.append(":\n\n".into(), epoch());
    }

    assert!(log.cost() <= 10_000);
    assert!(log.end().event() - log.start().event() < 200, "{log:?}");
}

#[test]
fn the_newest_frame_is_kept_however_large() {
    let (mut log, now) = (Log::new(LogConfig::default().with_max_bytes(10)), epoch());
    let mut subscription = Subscription::new(quiet(), &log, now);
    let frame = Bytes::from(vec![b'x'; 1_000]);

    log.append(frame.clone(), now);

    assert_eq!(subscription.poll_output(&mut log, now), Output::Write(frame));
}

#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    Subscribe,
    Poll(usize),
    Timeout(usize, u64),
    TrimToLowest,
    Finish,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..400_usize).prop_map(Step::Append),
        2 => Just(Step::Subscribe),
        8 => (0..8_usize).prop_map(Step::Poll),
        2 => (0..8_usize, 0..30_u64).prop_map(|(who, secs)| Step::Timeout(who, secs)),
        2 => Just(Step::TrimToLowest),
        1 => Just(Step::Finish),
    ]
}

/// The log under test, and everything that was ever appended.
struct Run {
    log: Log,
    readers: Vec<Reader>,
    all: Vec<Bytes>,
    is_finished: bool,
    now: Instant,
}

struct Reader {
    subscription: Subscription,
    cursor: usize,
}

impl Run {
    fn new() -> Self {
        let log = Log::new(LogConfig::default().with_max_bytes(MAX_BYTES));
        Self { log, readers: Vec::new(), all: Vec::new(), is_finished: false, now: epoch() }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Append(len) if !self.is_finished => {
                let frame = Bytes::from(vec![u8::try_from(self.all.len() % 251).unwrap(); len]);
                self.all.push(frame.clone());
                let seq = self.log.append(frame, self.now);
                assert_eq!(seq, self.all.len() as u64);
                assert!(self.log.cost() <= MAX_BYTES);
            }
            Step::Append(_) => (),
            Step::Subscribe => {
                let subscription =
                    Subscription::new(SubscriptionConfig::default(), &self.log, self.now);
                self.readers.push(Reader { subscription, cursor: self.all.len() });
            }
            Step::Poll(who) => drop(self.poll(who)),
            Step::Timeout(who, secs) => {
                self.now += Duration::from_secs(secs);
                if let Some(reader) = self.readers.get_mut(who) {
                    reader.subscription.handle_timeout(self.now);
                }
            }
            Step::TrimToLowest => {
                let cursors = self.readers.iter().map(|reader| reader.subscription.cursor());
                let lowest = cursors.min_by_key(|cursor| cursor.event());
                self.log.trim(lowest.unwrap_or_else(|| self.log.end()));
            }
            Step::Finish => {
                self.is_finished = true;
                self.log.finish(CloseReason::Finished);
            }
        }
    }

    /// Polls one reader and compares with what the model says.
    fn poll(&mut self, who: usize) -> Option<Output> {
        let reader = self.readers.get_mut(who)?;
        let output = reader.subscription.poll_output(&mut self.log, self.now);
        let first = usize::try_from(self.log.start().event()).unwrap() - 1;
        match &output {
            Output::Write(bytes) if bytes.starts_with(b":") && bytes.len() == 3 => {
                assert_eq!(reader.cursor, self.all.len(), "a comment goes out in silence only");
            }
            Output::Write(bytes) => {
                let mut rest = &bytes[..];
                let from = reader.cursor;
                while !rest.is_empty() {
                    let frame = &self.all[reader.cursor];
                    rest = rest.strip_prefix(&frame[..]).expect("whole frames, in order");
                    reader.cursor += 1;
                }
                let is_single = reader.cursor == from + 1;
                assert!(bytes.len() <= MAX_WRITE || is_single);
            }
            Output::Wait { .. } => assert_eq!(reader.cursor, self.all.len()),
            Output::Close(CloseReason::Overrun { missed }) => {
                assert!(reader.cursor < first);
                assert_eq!(*missed, (first - reader.cursor) as u64);
            }
            Output::Close(CloseReason::Finished) => {
                assert!(self.is_finished);
                assert_eq!(reader.cursor, self.all.len());
            }
            Output::Close(other) => panic!("nobody asked for {other:?}"),
        }
        Some(output)
    }

    fn read_to_the_end(&mut self) {
        for who in 0..self.readers.len() {
            while let Some(Output::Write(_)) = self.poll(who) {}
        }
    }
}

fn quiet() -> SubscriptionConfig {
    SubscriptionConfig::default().with_keepalive(None)
}

#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
fn epoch() -> Instant {
    Instant::now()
}
