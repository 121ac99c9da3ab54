//! The hub against a naive model under random operations: every listener reads exactly what was
//! published while it listened, is cut when it is too far behind and never before, and what is counted as
//! unread is what the one that is furthest behind has still to read. Some listeners are polled by themselves, the
//! others are driven by an engine.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, sync::Arc, task::Waker, time::Instant};

use proptest::{collection::vec, prelude::*};
use sse_core::{
    Hub, HubConfig, StringFormat, Token,
    channel::{CloseReason, Framing, Mode, Output},
    hub::{Delivery, Engine, PublishError, StreamEnd, SubscribeError, Subscriber},
    id_source::Counter,
};

const MAX_BYTES: usize = 3_000;

const TOKENS: usize = 3;

proptest! {
    #[test]
    fn exclusive_channels_are_as_the_model_has_them(steps in vec(step(), 1..200)) {
        run(Mode::Exclusive, steps);
    }

    #[test]
    fn shared_channels_are_as_the_model_has_them(steps in vec(step(), 1..200)) {
        run(Mode::Shared, steps);
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Whether an engine drives it.
    Subscribe(usize, bool),
    Publish(usize, usize),
    Poll(usize),
    Drive,
    Drop(usize),
    Finish(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let (token, listener) = (0..TOKENS, 0..6_usize);
    prop_oneof![
        3 => (token.clone(), any::<bool>()).prop_map(|(token, is_driven)| Step::Subscribe(token, is_driven)),
        10 => (token.clone(), 0..500_usize).prop_map(|(token, len)| Step::Publish(token, len)),
        6 => listener.clone().prop_map(Step::Poll),
        2 => Just(Step::Drive),
        2 => listener.prop_map(Step::Drop),
        1 => token.prop_map(Step::Finish),
    ]
}

fn run(mode: Mode, steps: Vec<Step>) {
    let config = HubConfig::new(StringFormat)
        .with_ids(Counter::default())
        .with_mode(mode)
        .with_keepalive(None)
        .with_max_log_bytes(MAX_BYTES);
    let mut model = Model {
        hub: Hub::new(config),
        mode,
        now: epoch(),
        engine: Engine::new(Framing::Plain),
        sockets: 0,
        listeners: Vec::new(),
        lives: [0; TOKENS],
        ids: 0,
    };
    for step in steps {
        model.take(step);
        model.check_counts();
    }
    model.drive();
    for who in 0..model.listeners.len() {
        while model.poll(who) {}
    }
}

struct Model {
    hub: Arc<Hub>,
    mode: Mode,
    now: Instant,
    engine: Engine<usize>,
    /// How many sockets there were.
    sockets: usize,
    listeners: Vec<Listener>,
    /// How often each token's channel was finished.
    lives: [usize; TOKENS],
    ids: u64,
}

/// A listener under test, and what the model says it has still to read.
struct Listener {
    link: Link,
    token: usize,
    /// Which life of the channel it reads.
    life: usize,
    unread: Vec<String>,
    is_finished: bool,
    is_cut: bool,
    has_left: bool,
}

/// How what is for a listener is asked for.
enum Link {
    Polled(Subscriber),
    /// The number of its socket, and the key of its stream.
    Driven(usize, usize),
}

impl Listener {
    fn is_connected(&self, token: usize) -> bool {
        self.token == token && !self.is_finished && !self.is_cut
    }

    /// Whole frames are written to it, in order.
    fn read(&mut self, bytes: &[u8]) {
        assert!(!self.is_cut);
        let mut rest = str::from_utf8(bytes).unwrap();
        while !rest.is_empty() {
            let frame = self.unread.remove(0);
            rest = rest.strip_prefix(&*frame).expect("whole frames, in order");
        }
    }

    /// What the log has to hold for it.
    fn cost(&self) -> usize {
        self.unread.iter().map(|frame| cost(frame)).sum()
    }
}

fn cost(frame: &str) -> usize {
    frame.len() + 128
}

impl Model {
    fn take(&mut self, step: Step) {
        match step {
            Step::Subscribe(token, is_driven) => self.subscribe(token, is_driven),
            Step::Publish(token, len) => self.publish(token, len),
            Step::Poll(who) => drop(who < self.listeners.len() && self.poll(who)),
            Step::Drive => self.drive(),
            Step::Drop(who) if who < self.listeners.len() => self.leave(who),
            Step::Drop(_) => (),
            Step::Finish(token) => self.finish(token),
        }
    }

    fn subscribe(&mut self, token: usize, is_driven: bool) {
        let is_taken = self.mode == Mode::Exclusive && 0 < self.connected(token);
        match self.hub.subscribe(&name(token), self.now) {
            Ok(mut subscriber) => {
                assert!(!is_taken);
                let mut unread = Vec::new();
                let link = if is_driven {
                    unread.push(OPEN.to_owned());
                    self.sockets += 1;
                    let key = self.engine.add(subscriber, "".into(), self.sockets, self.now);
                    Link::Driven(self.sockets, key)
                } else {
                    let open = subscriber.poll_output(Waker::noop(), self.now);
                    assert_eq!(open, Output::Write(OPEN.into()));
                    Link::Polled(subscriber)
                };
                self.listeners.push(Listener {
                    link,
                    token,
                    life: self.lives[token],
                    unread,
                    is_finished: false,
                    is_cut: false,
                    has_left: false,
                });
                if is_driven {
                    // What it begins with is no frame of the log.
                    self.drive();
                }
            }
            Err(error) => assert_eq!((error, is_taken), (SubscribeError::Taken, true)),
        }
    }

    fn publish(&mut self, token: usize, len: usize) {
        let (expected, data) = (self.connected(token), "x".repeat(len));
        let published = self.hub.publish(&name(token), "ping", data.as_bytes(), self.now);
        let Ok(published) = published else {
            assert_eq!(published.unwrap_err(), PublishError::NotConnected);
            assert_eq!(expected, 0);
            return;
        };
        assert_eq!(published.listeners(), expected);
        assert_eq!(published.id().unwrap().as_str(), self.ids.to_string());
        let frame = format!("event: ping\ndata: {data}\nid: {}\n\n", self.ids);
        self.ids += 1;
        let mut cut: usize = published.overrun().iter().map(|overrun| overrun.listeners).sum();
        published.wake();
        let mut reached: Vec<_> =
            self.listeners.iter_mut().filter(|listener| listener.is_connected(token)).collect();
        for listener in &mut reached {
            listener.unread.push(frame.clone());
        }
        // The oldest go until a sixteenth of the bound is free, but for the newest, and with them
        // those that had still to read them.
        let furthest = reached.iter().map(|listener| listener.cost()).max().unwrap_or(0);
        let mut left = furthest;
        if MAX_BYTES < furthest {
            let one = reached.iter().find(|listener| listener.cost() == furthest).unwrap();
            for dropped in &one.unread[..one.unread.len() - 1] {
                if MAX_BYTES - MAX_BYTES / 16 < left {
                    left -= cost(dropped);
                }
            }
        }
        for listener in reached {
            listener.is_cut = left < listener.cost();
            cut -= usize::from(listener.is_cut);
        }
        assert_eq!(cut, 0, "more were cut than had to be");
    }

    fn finish(&mut self, token: usize) {
        let expected = self.connected(token);
        match self.hub.publish(&name(token), "close", b"", self.now) {
            Ok(published) => {
                assert_eq!(published.listeners(), expected);
                published.wake();
            }
            Err(error) => assert_eq!((error, expected), (PublishError::NotConnected, 0)),
        }
        for listener in &mut self.listeners {
            listener.is_finished |= listener.is_connected(token);
        }
        self.lives[token] += 1;
    }

    /// Polls one listener and compares; whether there may be more.
    fn poll(&mut self, who: usize) -> bool {
        let listener = &mut self.listeners[who];
        let Link::Polled(subscriber) = &mut listener.link else {
            return false;
        };
        match subscriber.poll_output(Waker::noop(), self.now) {
            Output::Write(bytes) => {
                listener.read(&bytes);
                true
            }
            Output::Wait { .. } => {
                assert!(listener.unread.is_empty() && !listener.is_finished && !listener.is_cut);
                false
            }
            Output::Close(CloseReason::Finished) => {
                assert!(listener.unread.is_empty() && listener.is_finished);
                false
            }
            Output::Close(CloseReason::Overrun { .. }) => {
                assert!(listener.is_cut);
                false
            }
            other => panic!("nobody asked for {other:?}"),
        }
    }

    /// A listener's connection is gone.
    fn leave(&mut self, who: usize) {
        if let Link::Driven(_, key) = self.listeners[who].link {
            self.listeners[who].has_left = true;
            self.engine.handle_left(key);
            return self.drive();
        }
        self.listeners.remove(who);
    }

    /// The engine does all that there is to do, and everybody whom it drives has read everything then.
    fn drive(&mut self) {
        let find = |listeners: &[Listener], number| {
            let is_it = |it: &Listener| matches!(it.link, Link::Driven(it, _) if it == number);
            listeners.iter().position(is_it).expect("it is one of ours")
        };
        loop {
            match self.engine.poll_output(Waker::noop(), self.now) {
                Delivery::Write { socket, bytes } => {
                    let who = find(&self.listeners, *socket);
                    self.listeners[who].read(bytes);
                    let count = bytes.len();
                    self.engine.handle_written(count, self.now);
                }
                Delivery::End { socket, end } => {
                    let listener = self.listeners.remove(find(&self.listeners, socket));
                    let is_right = match end {
                        StreamEnd::Whole(CloseReason::Finished) => {
                            listener.is_finished && listener.unread.is_empty()
                        }
                        StreamEnd::Cut(CloseReason::Overrun { .. }) => listener.is_cut,
                        end => end == StreamEnd::Left && listener.has_left,
                    };
                    assert!(is_right, "{end:?}");
                }
                Delivery::Wait { .. } => break,
            }
        }
        let driven = self.listeners.iter().filter(|it| matches!(it.link, Link::Driven(..)));
        for listener in driven {
            let is_over = listener.is_finished || listener.is_cut;
            assert!(listener.unread.is_empty() && !is_over);
        }
    }

    fn connected(&self, token: usize) -> usize {
        self.listeners.iter().filter(|listener| listener.is_connected(token)).count()
    }

    fn check_counts(&self) {
        let mut connected = 0;
        for token in 0..TOKENS {
            assert_eq!(self.hub.listeners(&name(token)), self.connected(token));
            connected += self.connected(token);
        }
        let counts = self.hub.counts();
        let expected = (connected, self.listeners.len() - connected, self.unread());
        assert_eq!((counts.listeners, counts.leaving, counts.unread_bytes), expected);
        assert_eq!(self.hub.recount().unread_bytes, expected.2);
    }

    /// What the listeners that are furthest behind in each life have still to read.
    fn unread(&self) -> usize {
        let mut unread = BTreeMap::<_, usize>::new();
        for listener in self.listeners.iter().filter(|listener| !listener.is_cut) {
            let furthest = unread.entry((listener.token, listener.life)).or_default();
            *furthest = listener.cost().max(*furthest);
        }
        unread.values().sum()
    }
}

/// What a stream begins with.
const OPEN: &str = "event: sse.open\nretry: 3000\ndata: {}\n\n";

fn name(token: usize) -> Token {
    Token::new(&token.to_string()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
fn epoch() -> Instant {
    Instant::now()
}
