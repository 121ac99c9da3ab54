//! The hub with racing threads: nothing lost, nothing twice, order kept, no deadlock.

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
    channel::{CloseReason, Mode, Output},
    history::Start,
    hub::{PublishError, SubscribeError, Subscriber},
};

const PUBLISHERS: usize = 3;

/// A lost wake-up shows as this long a sleep.
const HANG: Duration = Duration::from_secs(30);

#[test]
fn every_listener_of_a_crowd_reads_every_event_once_and_in_order() {
    const EVENTS: usize = 3_000;
    const LISTENERS: usize = 4;
    let (hub, token) = (hub(Mode::Shared), Token::new("crowd").unwrap());
    let listeners: Vec<_> =
        (0..LISTENERS).map(|_| hub.subscribe(&token, Instant::now()).unwrap()).collect();

    thread::scope(|scope| {
        let readers: Vec<_> = listeners
            .into_iter()
            .map(|listener| scope.spawn(|| read_to_end(listener, &AtomicUsize::new(0))))
            .collect();
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|publisher| {
                let (hub, token) = (&hub, &token);
                scope.spawn(move || {
                    for n in 0..EVENTS {
                        let published = publish(hub, token, "ping", &format!("{publisher} {n}"));
                        assert_eq!(published, Ok(LISTENERS));
                    }
                })
            })
            .collect();
        publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
        publish(&hub, &token, "close", "").unwrap();
        for reader in readers {
            let (events, reason) = reader.join().unwrap();
            assert_eq!(reason, CloseReason::Finished);
            for publisher in 0..PUBLISHERS {
                assert_eq!(of(publisher, &events), (0..EVENTS).collect::<Vec<_>>());
            }
        }
    });
}

#[test]
fn what_was_accepted_is_read_by_one_listener_of_many_that_are_closed_and_come_again() {
    let (hub, token) = (hub(Mode::Exclusive), Token::new("relay").unwrap());
    let (is_over, reads) = (AtomicBool::new(false), AtomicUsize::new(0));

    let (read, accepted) = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut all = Vec::new();
            while !is_over.load(Ordering::SeqCst) {
                // The token is free once `close` has returned or the listener is gone.
                let listener = hub.subscribe(&token, Instant::now()).expect("nobody listens");
                let (events, reason) = read_to_end(listener, &reads);
                assert_eq!(reason, CloseReason::Finished);
                all.extend(events);
            }
            all
        });
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|publisher| {
                let (hub, token, is_over) = (&hub, &token, &is_over);
                scope.spawn(move || {
                    let attempts = (0..).take_while(|_| !is_over.load(Ordering::SeqCst));
                    let accepted = attempts.filter(|n| {
                        match publish(hub, token, "ping", &format!("{publisher} {n}")) {
                            Ok(listeners) => listeners == 1,
                            Err(PublishError::NotConnected) => {
                                thread::yield_now();
                                false
                            }
                            Err(error) => panic!("{error}"),
                        }
                    });
                    accepted.collect::<Vec<usize>>()
                })
            })
            .collect();
        let mut closed = 0;
        while closed < 300 {
            let before = reads.load(Ordering::SeqCst);
            closed += usize::from(publish(&hub, &token, "close", "").is_ok());
            let begun = Instant::now();
            while reads.load(Ordering::SeqCst) == before && begun.elapsed() < HANG {
                thread::yield_now();
            }
        }
        is_over.store(true, Ordering::SeqCst);
        let accepted: Vec<_> =
            publishers.into_iter().map(|publisher| publisher.join().unwrap()).collect();
        while !reader.is_finished() {
            let _nobody_may_listen = publish(&hub, &token, "close", "");
            thread::yield_now();
        }
        (reader.join().unwrap(), accepted)
    });

    for (publisher, accepted) in accepted.iter().enumerate() {
        assert_eq!(&of(publisher, &read), accepted, "of publisher {publisher}");
    }
}

#[test]
fn token_is_free_whenever_its_listener_is_gone() {
    let hub = hub(Mode::Exclusive);
    let tokens: Vec<_> = (0..4).map(|n| Token::new(&n.to_string()).unwrap()).collect();
    let is_over = AtomicBool::new(false);

    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    for token in &tokens {
                        let _anything = publish(&hub, token, "ping", "x");
                        let _anything = publish(&hub, token, "close", "");
                    }
                }
            });
        }
        let listeners: Vec<_> = tokens
            .iter()
            .map(|token| {
                let hub = &hub;
                scope.spawn(move || {
                    for round in 0..2_000 {
                        let listener = hub.subscribe(token, Instant::now());
                        let mut listener = listener.unwrap_or_else(|e| panic!("{round}: {e}"));
                        let _any = listener.poll_output(Waker::noop(), Instant::now());
                    }
                })
            })
            .collect();
        let results: Vec<_> = listeners.into_iter().map(|listener| listener.join()).collect();
        is_over.store(true, Ordering::SeqCst);
        results.into_iter().for_each(|result| result.unwrap());
    });

    for token in &tokens {
        assert_eq!(hub.listeners(token), 0);
    }
}

#[test]
fn exclusive_token_is_never_held_by_two() {
    let (hub, token) = (hub(Mode::Exclusive), Token::new("one").unwrap());
    let (holders, admitted) = (AtomicUsize::new(0), AtomicUsize::new(0));

    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while admitted.load(Ordering::SeqCst) < 5_000 {
                    match hub.subscribe(&token, Instant::now()) {
                        Ok(listener) => {
                            assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                            admitted.fetch_add(1, Ordering::SeqCst);
                            assert_eq!(holders.fetch_sub(1, Ordering::SeqCst), 1);
                            drop(listener);
                        }
                        Err(SubscribeError::Taken) => thread::yield_now(),
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
}

#[test]
fn shutdown_ends_every_listener_that_races_with_it() {
    for _ in 0..50 {
        let (hub, subscribed) = (hub(Mode::Shared), AtomicUsize::new(0));
        thread::scope(|scope| {
            for n in 0..4 {
                let (hub, subscribed) = (&hub, &subscribed);
                scope.spawn(move || {
                    for round in 0.. {
                        let token = Token::new(&format!("{n} {}", round % 3)).unwrap();
                        let Ok(listener) = hub.subscribe(&token, Instant::now()) else {
                            return;
                        };
                        subscribed.fetch_add(1, Ordering::SeqCst);
                        if round % 7 == 0 {
                            let (_, reason) = read_to_end(listener, &AtomicUsize::new(0));
                            assert_eq!(reason, CloseReason::Shutdown);
                        }
                    }
                });
            }
            while subscribed.load(Ordering::SeqCst) < 4 {
                thread::yield_now();
            }
            hub.shutdown().wake();
        });
    }
}

#[test]
fn who_comes_while_its_subject_is_revoked_is_refused_or_ended() {
    const ROUNDS: usize = 2_000;
    const LISTENERS: usize = 3;
    let (hub, token) = (hub(Mode::Shared), Token::new("t").unwrap());
    // Which round has begun, and how often somebody has come, and has got through one.
    let turn = AtomicUsize::new(0);
    let (came, through) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (refused, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));

    thread::scope(|scope| {
        for _ in 0..LISTENERS {
            scope.spawn(|| {
                for round in 0..ROUNDS {
                    wait_until(|| round < turn.load(Ordering::SeqCst));
                    let subscribed = subscribe(&hub, &token, &round.to_string());
                    came.fetch_add(1, Ordering::SeqCst);
                    match subscribed {
                        Ok(listener) => {
                            let (_, reason) = read_to_end(listener, &AtomicUsize::new(0));
                            assert_eq!(reason, CloseReason::Revoked);
                            ended.fetch_add(1, Ordering::SeqCst);
                        }
                        Err(error) => {
                            assert_eq!(error, SubscribeError::GrantEnded);
                            refused.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                    through.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for round in 0..ROUNDS {
            wait_until(|| LISTENERS * round <= through.load(Ordering::SeqCst));
            turn.store(round + 1, Ordering::SeqCst);
            // Some are there already: none in the first round, all in the last of each four.
            let there = LISTENERS * round + round % (LISTENERS + 1);
            wait_until(|| there <= came.load(Ordering::SeqCst));
            let revocation = Revocation::subject(&round.to_string());
            hub.revoke(&revocation, Instant::now()).unwrap().wake();
        }
    });

    let (refused, ended) = (refused.into_inner(), ended.into_inner());
    assert_eq!(refused + ended, LISTENERS * ROUNDS);
    assert!(LISTENERS * ROUNDS / (LISTENERS + 1) <= ended, "only {ended} were there");
    let counts = hub.counts();
    assert_eq!((counts.granted, counts.listeners, counts.leaving), (0, 0, 0));
    assert_eq!(hub.recount(), counts);
}

#[test]
fn a_revocation_hits_nobody_else_whoever_leaves_and_comes_meanwhile() {
    let (hub, token) = (hub(Mode::Shared), Token::new("t").unwrap());
    let is_over = AtomicBool::new(false);

    thread::scope(|scope| {
        for _ in 0..2 {
            // They come and go, so that their keys are given to others.
            scope.spawn(|| {
                for round in 0.. {
                    if is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    drop(subscribe(&hub, &token, &(round % 50).to_string()));
                }
            });
        }
        let bob = scope.spawn(|| {
            for _ in 0..5_000 {
                let mut bob = subscribe(&hub, &token, "bob").expect("nobody has revoked this one");
                for _ in 0..3 {
                    let output = bob.poll_output(Waker::noop(), Instant::now());
                    assert!(!matches!(output, Output::Close(_)), "{output:?}");
                    let is_end =
                        matches!(&output, Output::Write(it) if it.starts_with(b"event: sse.e"));
                    assert!(!is_end, "{output:?}");
                }
            }
        });
        scope.spawn(|| {
            for round in 0.. {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let now = Instant::now();
                // It holds for a moment, so that they can come again.
                let one = Revocation::subject(&(round % 50).to_string()).with_end(now);
                hub.revoke(&one, now).unwrap().wake();
            }
        });
        let result = bob.join();
        is_over.store(true, Ordering::SeqCst);
        result.unwrap();
    });

    assert_eq!((hub.counts().granted, hub.counts().listeners), (0, 0));
    assert_eq!(hub.recount(), hub.counts());
}

fn wait_until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < HANG, "another thread does not go on");
        thread::yield_now();
    }
}

/// A listener with a grant to `subject`.
fn subscribe(hub: &Arc<Hub>, token: &Token, subject: &str) -> Result<Subscriber, SubscribeError> {
    let grant = Grant::new(Permissions::all()).with_subject(subject);
    hub.subscribe_granted(token, &Start::default(), Some(&grant), Instant::now())
}

/// The data of everything `listener` reads, and why it ended. It sleeps until it is woken.
fn read_to_end(mut listener: Subscriber, reads: &AtomicUsize) -> (Vec<String>, CloseReason) {
    let unpark = Arc::new(Unpark { thread: thread::current(), is_woken: AtomicBool::new(false) });
    let (waker, mut text) = (Waker::from(unpark.clone()), String::new());
    let reason = loop {
        match listener.poll_output(&waker, Instant::now()) {
            Output::Write(bytes) => {
                text += str::from_utf8(&bytes).unwrap();
                reads.fetch_add(1, Ordering::SeqCst);
            }
            Output::Close(reason) => break reason,
            _ => {
                reads.fetch_add(1, Ordering::SeqCst);
                let asleep = Instant::now();
                while !unpark.is_woken.swap(false, Ordering::SeqCst) {
                    assert!(asleep.elapsed() < HANG, "an idle listener was never woken");
                    thread::park_timeout(HANG);
                }
            }
        }
    };
    // The first block says that the stream is open.
    let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).skip(1);
    (data.map(str::to_owned).collect(), reason)
}

struct Unpark {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

/// Publishes and wakes; returns how many it was published for.
fn publish(hub: &Hub, token: &Token, action: &str, data: &str) -> Result<usize, PublishError> {
    let published = hub.publish(token, action, data.as_bytes(), Instant::now())?;
    let listeners = published.listeners();
    published.wake();
    Ok(listeners)
}

/// The numbers of the events of one publisher.
fn of(publisher: usize, events: &[String]) -> Vec<usize> {
    let prefix = format!("{publisher} ");
    let numbers = events.iter().filter_map(|event| event.strip_prefix(&prefix));
    numbers.map(|number| number.parse().unwrap()).collect()
}

fn hub(mode: Mode) -> Arc<Hub> {
    let config = HubConfig::new(StringFormat).with_mode(mode).with_keepalive(None);
    Hub::new(config)
}
