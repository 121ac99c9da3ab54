//! Engines in threads of their own that race with publishers, with each other, and with listeners that are polled:
//! nothing lost, nothing twice, order kept, and nobody waits for ever.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "threads that race wait and read the clock")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use sse_core::{
    Hub, HubConfig, StringFormat, Token,
    access::{Grant, Permissions, Revocation},
    channel::{CloseReason, Framing, Mode, OnOverrun, Output},
    history::Start,
    hub::{Delivery, Engine, StreamEnd, Subscriber},
};

/// A lost wake-up shows as this long a sleep.
const HANG: Duration = Duration::from_secs(30);

/// An engine, what its sockets have taken, and the thread that it wakes.
struct Driver {
    engine: Engine<Socket>,
    unpark: Arc<Unpark>,
    /// The keys of those whose sockets are full.
    full: Vec<usize>,
    /// What each has read, and how its stream has ended.
    ended: Vec<(String, StreamEnd)>,
}

/// A socket that takes at most so many bytes before it is full.
struct Socket {
    taken: Vec<u8>,
    key: Arc<AtomicUsize>,
    room: usize,
    step: usize,
}

impl Driver {
    fn new(framing: Framing) -> Self {
        let unpark = Unpark { thread: thread::current(), is_woken: AtomicBool::new(false) };
        let (full, ended) = (Vec::new(), Vec::new());
        Self { engine: Engine::new(framing), unpark: Arc::new(unpark), full, ended }
    }

    fn add(&mut self, subscriber: Subscriber, step: usize) -> usize {
        let key = Arc::<AtomicUsize>::default();
        let socket = Socket { taken: Vec::new(), key: key.clone(), room: step, step };
        let given = self.engine.add(subscriber, "\r\n".into(), socket, Instant::now());
        key.store(given, Ordering::Relaxed);
        given
    }

    /// Does what there is to do until it is to wait; returns whether anything was done.
    fn run(&mut self) -> bool {
        let waker = Waker::from(self.unpark.clone());
        let mut has_done = false;
        loop {
            let now = Instant::now();
            match self.engine.poll_output(&waker, now) {
                Delivery::Write { socket, bytes } => {
                    let count = bytes.len().min(socket.room);
                    socket.taken.extend_from_slice(&bytes[..count]);
                    // It has room again once everybody has had a turn.
                    socket.room = match socket.step {
                        usize::MAX => usize::MAX,
                        step if count < bytes.len() => step,
                        _ => socket.room - count,
                    };
                    if count < bytes.len() {
                        self.full.push(socket.key.load(Ordering::Relaxed));
                    }
                    self.engine.handle_written(count, now);
                }
                Delivery::End { socket, end } => {
                    self.ended.push((String::from_utf8(socket.taken).unwrap(), end));
                }
                Delivery::Wait { .. } => break,
            }
            has_done = true;
        }
        for key in std::mem::take(&mut self.full) {
            self.engine.handle_writable(key);
            has_done = true;
        }
        has_done
    }

    fn has_seen(&self, end: StreamEnd) -> bool {
        self.ended.iter().any(|(_, seen)| *seen == end)
    }

    /// Runs until every stream has ended.
    fn run_to_end(&mut self) {
        while !self.engine.is_empty() {
            if !self.run() && !self.engine.is_empty() {
                self.unpark.sleep();
            }
        }
    }
}

struct Unpark {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Unpark {
    fn sleep(&self) {
        let asleep = Instant::now();
        while !self.is_woken.swap(false, Ordering::SeqCst) {
            assert!(asleep.elapsed() < HANG, "it was never woken");
            thread::park_timeout(HANG);
        }
    }
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

#[test]
fn listeners_of_every_kind_read_every_event_once_and_in_order() {
    const EVENTS: usize = 400;
    const PUBLISHERS: usize = 2;
    // More than are written to in one turn.
    const DRIVEN: usize = 70;
    let (hub, token) = (hub(OnOverrun::Close, Mode::Shared), Token::new("crowd").unwrap());
    let subscribe = || hub.subscribe(&token, Instant::now()).unwrap();
    let ready = AtomicUsize::new(0);

    thread::scope(|scope| {
        let engines: Vec<_> = [Framing::Plain, Framing::Chunked]
            .map(|framing| {
                let (subscribe, ready) = (&subscribe, &ready);
                scope.spawn(move || {
                    let mut driver = Driver::new(framing);
                    for n in 0..DRIVEN {
                        // Some take a few bytes at a time.
                        let step = if n % 4 == 0 { 5 + 100 * n } else { usize::MAX };
                        driver.add(subscribe(), step);
                    }
                    ready.fetch_add(1, Ordering::SeqCst);
                    driver.run_to_end();
                    driver.ended
                })
            })
            .into();
        let polled = scope.spawn(|| {
            let listener = subscribe();
            ready.fetch_add(1, Ordering::SeqCst);
            read_to_end(listener)
        });
        wait_until(|| ready.load(Ordering::SeqCst) == 3);
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|publisher| {
                let (hub, token) = (&hub, &token);
                scope.spawn(move || {
                    for n in 0..EVENTS {
                        publish(hub, token, &format!("{publisher} {n}"));
                    }
                })
            })
            .collect();
        publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
        hub.close(&token, Instant::now()).unwrap().wake();

        let mut texts = vec![polled.join().unwrap()];
        for engine in engines {
            let ended = engine.join().unwrap();
            assert_eq!(ended.len(), DRIVEN);
            for (text, end) in ended {
                assert_eq!(end, StreamEnd::Whole(CloseReason::Finished));
                texts.push(text);
            }
        }
        for text in &texts {
            for publisher in 0..PUBLISHERS {
                assert_eq!(of(publisher, text), (0..EVENTS).collect::<Vec<_>>());
            }
        }
    });

    assert_eq!(hub.recount(), hub.counts());
    assert_eq!((hub.counts().listeners, hub.counts().leaving), (0, 0));
}

#[test]
fn whoever_falls_behind_an_engine_that_races_is_told_how_much_it_has_missed() {
    const EVENTS: usize = 3_000;
    let (hub, token) = (hub(OnOverrun::Gap, Mode::Shared), Token::new("behind").unwrap());
    let ready = AtomicUsize::new(0);

    thread::scope(|scope| {
        let engines: Vec<_> = [Framing::Plain, Framing::Chunked]
            .map(|framing| {
                let (hub, token, ready) = (&hub, &token, &ready);
                scope.spawn(move || {
                    let mut driver = Driver::new(framing);
                    for n in 0..10 {
                        let subscriber = hub.subscribe(token, Instant::now()).unwrap();
                        driver.add(subscriber, if n % 2 == 0 { 700 } else { usize::MAX });
                    }
                    ready.fetch_add(1, Ordering::SeqCst);
                    driver.run_to_end();
                    driver.ended
                })
            })
            .into();
        wait_until(|| ready.load(Ordering::SeqCst) == 2);
        for n in 0..EVENTS {
            publish(&hub, &token, &format!("0 {n}"));
        }
        hub.close(&token, Instant::now()).unwrap().wake();

        for engine in engines {
            for (text, end) in engine.join().unwrap() {
                assert_eq!(end, StreamEnd::Whole(CloseReason::Finished));
                let mut next = 0;
                for line in text.lines() {
                    if let Some(missed) = line.split("\"missed\":").nth(1) {
                        next += missed.trim_end_matches('}').parse::<usize>().unwrap();
                    } else if let Some(n) = line.strip_prefix("data: 0 ") {
                        assert_eq!(n.parse(), Ok(next), "{line}");
                        next += 1;
                    }
                }
                assert_eq!(next, EVENTS);
            }
        }
    });

    assert_eq!(hub.recount(), hub.counts());
}

const ENDS: [StreamEnd; 3] = [
    StreamEnd::Whole(CloseReason::Replaced),
    StreamEnd::Whole(CloseReason::Revoked),
    StreamEnd::Left,
];

#[test]
fn nobody_hangs_whoever_is_taken_over_closed_revoked_or_leaves_meanwhile() {
    const ROUNDS: usize = 400;
    let hub = hub(OnOverrun::Close, Mode::Takeover);
    let tokens: Vec<_> = (0..3).map(|n| Token::new(&n.to_string()).unwrap()).collect();
    let is_over = AtomicBool::new(false);

    thread::scope(|scope| {
        for n in 0..2 {
            let (hub, tokens, is_over) = (&hub, &tokens, &is_over);
            scope.spawn(move || {
                for round in 0.. {
                    if is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    let (token, now) = (&tokens[round % tokens.len()], Instant::now());
                    let data = format!("{n} {round}");
                    let published = hub.publish(token, "ping", data.as_bytes(), now);
                    let _nobody_may_listen = published.map(|it| it.wake());
                    match (n, round % 20) {
                        (0, 19) => drop(hub.close(token, now)),
                        (1, 9) => {
                            let all = Revocation::subject("alice").with_end(now);
                            hub.revoke(&all, now).unwrap().wake();
                        }
                        _ => thread::yield_now(),
                    }
                }
            });
        }
        let polled = scope.spawn(|| {
            for round in 0..ROUNDS {
                let mut listener = subscribe(&hub, &tokens[round % tokens.len()]);
                for _ in 0..3 {
                    let _any = listener.poll_output(Waker::noop(), Instant::now());
                }
            }
        });
        let engines: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut driver = Driver::new(Framing::Chunked);
                    let (begun, mut round) = (Instant::now(), 0);
                    // Until each end was seen.
                    while round < ROUNDS || ENDS.iter().any(|end| !driver.has_seen(*end)) {
                        assert!(begun.elapsed() < HANG, "{round} rounds");
                        round += 1;
                        let subscriber = subscribe(&hub, &tokens[round * 7 % tokens.len()]);
                        let key =
                            driver.add(subscriber, if round % 3 == 0 { 9 } else { usize::MAX });
                        driver.run();
                        if round % 5 == 0 {
                            driver.engine.handle_left(key);
                        }
                        if round % 50 == 49 {
                            // The rest of them go with their engine.
                            let ended = std::mem::take(&mut driver.ended);
                            driver = Driver { ended, ..Driver::new(Framing::Plain) };
                        }
                    }
                    driver
                })
            })
            .collect();
        polled.join().unwrap();
        let drivers: Vec<_> = engines.into_iter().map(|engine| engine.join().unwrap()).collect();
        is_over.store(true, Ordering::SeqCst);
        hub.shutdown().wake();
        for mut driver in drivers {
            driver.unpark = Driver::new(Framing::Plain).unpark;
            driver.run_to_end();
            for (text, _) in driver.ended {
                for publisher in 0..2 {
                    let read = of(publisher, &text);
                    assert!(read.is_sorted(), "{read:?}");
                }
            }
        }
    });

    let counts = hub.counts();
    assert_eq!((counts.listeners, counts.leaving, counts.granted), (0, 0, 0));
    assert_eq!((counts.unread_bytes, counts.joined_bytes), (0, 0));
    assert_eq!(hub.recount(), counts);
}

fn subscribe(hub: &Arc<Hub>, token: &Token) -> Subscriber {
    let grant = Grant::new(Permissions::all()).with_subject("alice");
    let begun = Instant::now();
    loop {
        // Not while a revocation holds.
        match hub.subscribe_granted(token, &Start::default(), Some(&grant), Instant::now()) {
            Ok(subscriber) => return subscriber,
            Err(error) => assert!(begun.elapsed() < HANG, "{error}"),
        }
    }
}

/// All that a listener reads that is polled. It sleeps until it is woken.
fn read_to_end(mut listener: Subscriber) -> String {
    let unpark = Unpark { thread: thread::current(), is_woken: AtomicBool::new(false) };
    let unpark = Arc::new(unpark);
    let (waker, mut text) = (Waker::from(unpark.clone()), String::new());
    loop {
        match listener.poll_output(&waker, Instant::now()) {
            Output::Write(bytes) => text += str::from_utf8(&bytes).unwrap(),
            Output::Close(_) => return text,
            _ => unpark.sleep(),
        }
    }
}

fn wait_until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < HANG, "another thread does not go on");
        thread::yield_now();
    }
}

fn publish(hub: &Hub, token: &Token, data: &str) {
    hub.publish(token, "ping", data.as_bytes(), Instant::now()).unwrap().wake();
}

/// The numbers of the events of one publisher.
fn of(publisher: usize, text: &str) -> Vec<usize> {
    let prefix = format!("data: {publisher} ");
    let numbers = text.lines().filter_map(|line| line.strip_prefix(&prefix));
    numbers.map(|number| number.parse().unwrap()).collect()
}

fn hub(then: OnOverrun, mode: Mode) -> Arc<Hub> {
    let config = HubConfig::new(StringFormat).with_mode(mode).with_keepalive(None);
    let config = config.with_on_overrun(then);
    Hub::new(match then {
        OnOverrun::Gap => config.with_max_log_bytes(4_000),
        _ => config,
    })
}
