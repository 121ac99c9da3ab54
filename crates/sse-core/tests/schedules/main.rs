//! The wake-ups of the hub under schedules that a checker draws: none is lost, and nobody waits for ever.
//!
//! Empty but for the build that `cargo xtask schedules` makes.

#![cfg(shuttle)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]

mod engines;
mod grants;
mod observers;
mod stored;

use std::{
    task::{Wake, Waker},
    time::{Duration, Instant},
};

use shuttle::{
    check_random,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread::{self, Thread},
};
use sse_core::{
    Hub, HubConfig, StringFormat, Token,
    channel::{CloseReason, Mode, Output},
    history::{History, Start, Verdict},
    hub::{SubscribeError, Subscriber},
    response::LastEventId,
};

/// The block that opens a stream without history.
const OPEN: &str = "event: sse.open\nretry: 3000\ndata: {}\n\n";

/// How many schedules are drawn for each test.
const SCHEDULES: usize = 5_000;

#[test]
fn what_is_published_while_listeners_go_idle_wakes_them() {
    check_random(
        || {
            let (hub, token, now) = world(Mode::Shared);
            let listeners: Vec<_> = (0..2)
                .map(|_| {
                    let listener = hub.subscribe(&token, now).unwrap();
                    thread::spawn(move || read_to_end(listener, now))
                })
                .collect();
            let publishers: Vec<_> = ["a", "b"]
                .map(|data| {
                    let (hub, token) = (hub.clone(), token.clone());
                    thread::spawn(move || {
                        hub.publish(&token, "ping", data.as_bytes(), now).unwrap().wake();
                    })
                })
                .into();
            publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
            hub.publish(&token, "close", b"", now).unwrap().wake();
            let mut seen = listeners.into_iter().map(|listener| listener.join().unwrap());
            let (one, other) = (seen.next().unwrap(), seen.next().unwrap());
            assert_eq!(one, other, "everyone sees the same order");
            assert_eq!(one.0.matches("event: ping").count(), 2);
            assert_eq!(one.1, CloseReason::Finished);
        },
        SCHEDULES,
    );
}

#[test]
fn who_is_taken_over_is_woken_by_the_newcomer() {
    check_random(
        || {
            let (hub, token, now) = world(Mode::Takeover);
            let old = hub.subscribe(&token, now).unwrap();
            let old = thread::spawn(move || read_to_end(old, now));
            let over = std::sync::Arc::new(AtomicUsize::new(0));
            for _ in 0..2 {
                let (hub, token, over) = (hub.clone(), token.clone(), over.clone());
                thread::spawn(move || {
                    let listener = hub.subscribe(&token, now).unwrap();
                    let (_, reason) = read_to_end(listener, now);
                    assert!(matches!(reason, CloseReason::Replaced | CloseReason::Finished));
                    over.fetch_add(1, Ordering::SeqCst);
                });
            }
            let (read, reason) = old.join().unwrap();
            assert_eq!(reason, CloseReason::Replaced);
            assert!(read.ends_with("event: sse.replaced\nretry: 86400000\ndata: {}\n\n"), "{read}");
            // One of both is replaced by the other, or comes to a channel that was closed before.
            while over.load(Ordering::SeqCst) < 2 {
                let _nobody_listens = hub.publish(&token, "close", b"", now).map(|it| it.wake());
                thread::yield_now();
            }
        },
        SCHEDULES / 5,
    );
}

#[test]
fn a_listener_that_leaves_takes_no_wake_up_from_another() {
    check_random(
        || {
            let (hub, token, now) = world(Mode::Shared);
            let (leaving, staying) =
                (hub.subscribe(&token, now).unwrap(), hub.subscribe(&token, now).unwrap());
            let staying = thread::spawn(move || read_to_end(staying, now).0);
            let leaving = thread::spawn(move || {
                let mut leaving = leaving;
                // The block that opens the stream, then what there is, or a wait.
                for _ in 0..2 {
                    let _any = leaving.poll_output(&waker(), now);
                }
                drop(leaving);
            });
            hub.publish(&token, "ping", b"1", now).unwrap().wake();
            leaving.join().unwrap();
            hub.publish(&token, "close", b"", now).unwrap().wake();
            let read = staying.join().unwrap();
            assert_eq!(read.strip_prefix(OPEN), Some("event: ping\ndata: 1\n\n"), "{read}");
        },
        SCHEDULES,
    );
}

#[test]
fn whoever_comes_while_a_channel_ends_is_ended_or_begins_another() {
    check_random(
        || {
            let (hub, token, now) = world(Mode::Shared);
            let first = hub.subscribe(&token, now).unwrap();
            let first = thread::spawn(move || read_to_end(first, now).1);
            let is_over = std::sync::Arc::new(AtomicBool::new(false));
            {
                let (hub, token, is_over) = (hub.clone(), token.clone(), is_over.clone());
                thread::spawn(move || {
                    let listener = hub.subscribe(&token, now).unwrap();
                    assert_eq!(read_to_end(listener, now).1, CloseReason::Finished);
                    is_over.store(true, Ordering::SeqCst);
                });
            }
            hub.publish(&token, "close", b"", now).unwrap().wake();
            assert_eq!(first.join().unwrap(), CloseReason::Finished);
            while !is_over.load(Ordering::SeqCst) {
                let _ended_already = hub.publish(&token, "close", b"", now).map(|it| it.wake());
                thread::yield_now();
            }
            assert_eq!(hub.counts().listeners, 0);
        },
        SCHEDULES,
    );
}

#[test]
fn a_drain_reaches_whoever_is_there_and_refuses_whoever_comes() {
    check_random(
        || {
            let (hub, token, now) = world(Mode::Shared);
            let there = hub.subscribe(&token, now).unwrap();
            let there = thread::spawn(move || read_to_end(there, now).1);
            let coming = {
                let (hub, token) = (hub.clone(), token.clone());
                thread::spawn(move || match hub.subscribe(&token, now) {
                    Ok(listener) => assert_eq!(read_to_end(listener, now).1, CloseReason::Shutdown),
                    Err(error) => assert_eq!(error, SubscribeError::Shutdown),
                })
            };
            hub.drain(Duration::ZERO, now).wake();
            assert_eq!(there.join().unwrap(), CloseReason::Shutdown);
            coming.join().unwrap();
        },
        SCHEDULES,
    );
}

#[test]
fn replay_meets_what_is_published_meanwhile_without_a_gap() {
    check_random(
        || {
            let config = HubConfig::new(StringFormat).with_history(History::new(1));
            let (hub, token, now) = world_of(config.with_mode(Mode::Shared));
            hub.publish(&token, "ping", b"1", now).unwrap().wake();
            let late = {
                let (hub, token) = (hub.clone(), token.clone());
                let start = Start::default().with_since(sse_core::history::Since::Earliest);
                thread::spawn(move || {
                    let listener = hub.subscribe_from(&token, &start, now).unwrap();
                    read_until(listener, "data: 3", now)
                })
            };
            for data in [b"2", b"3"] {
                hub.publish(&token, "ping", data, now).unwrap().wake();
            }
            let read = late.join().unwrap();
            let data: Vec<_> =
                read.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
            assert_eq!(data, ["{\"resume\":\"fresh\"}", "1", "2", "3"]);
        },
        SCHEDULES,
    );
}

#[test]
fn whoever_comes_while_its_channel_gives_way_has_missed_nothing() {
    check_random(
        || {
            let history = History::new(1);
            let config = HubConfig::new(StringFormat).with_history(history).with_max_channels(2);
            let (hub, token, now) = world_of(config);
            let published = hub.publish(&token, "ping", b"1", now).unwrap();
            let id = published.id().unwrap();
            drop(hub.publish(&Token::new("v").unwrap(), "ping", b"1", now));
            let other = {
                let hub = hub.clone();
                thread::spawn(move || {
                    let token = Token::new("u").unwrap();
                    drop(hub.publish(&token, "ping", b"2", now).unwrap());
                })
            };
            let last = LastEventId::new(Some(id.as_str().as_bytes()), None);
            let listener = hub.subscribe_from(&token, &Start::from(last), now).unwrap();
            assert_eq!(listener.resume().unwrap().verdict(), &Verdict::Ok);
            other.join().unwrap();
            let next = hub.publish(&token, "ping", b"3", now).unwrap();
            assert_eq!(next.position().unwrap().seq(), 2);
            assert_eq!(next.listeners(), 1);
            drop(next);
            assert!(read_until(listener, "data: 3", now).contains("\"resume\":\"ok\""));
            assert_held(&hub);
        },
        10 * SCHEDULES,
    );
}

#[test]
fn a_token_is_closed_once_its_channel_was_finished_whoever_comes_meanwhile() {
    check_random(
        || {
            let config = HubConfig::new(StringFormat).with_mode(Mode::Shared);
            let ttl = Some(Duration::from_secs(60));
            let (hub, token, now) = world_of(config.with_closed_ttl(ttl));
            let _there = hub.subscribe(&token, now).unwrap();
            let coming = {
                let (hub, token) = (hub.clone(), token.clone());
                thread::spawn(move || match hub.subscribe(&token, now) {
                    Ok(listener) => assert_eq!(read_to_end(listener, now).1, CloseReason::Finished),
                    Err(error) => assert_eq!(error, SubscribeError::Ended),
                })
            };
            hub.close(&token, now).unwrap().wake();
            assert_eq!(hub.subscribe(&token, now).unwrap_err(), SubscribeError::Ended);
            coming.join().unwrap();
            assert_eq!(hub.subscribe(&token, now).unwrap_err(), SubscribeError::Ended);
            assert_held(&hub);
        },
        SCHEDULES,
    );
}

#[test]
fn what_is_counted_is_what_is_held_whatever_raced() {
    check_random(
        || {
            let history = History::new(1).with_max_events(3);
            let config = HubConfig::new(StringFormat).with_history(history).with_max_channels(2);
            let config = config.with_max_history_bytes(700).with_mode(Mode::Takeover);
            let (hub, _, now) = world_of(config.with_max_log_bytes(400).with_max_total_bytes(600));
            let threads: Vec<_> = (0..3)
                .map(|n| {
                    let hub = hub.clone();
                    thread::spawn(move || {
                        for round in 0..2 {
                            let token = Token::new(["a", "b", "c"][(n + round) % 3]).unwrap();
                            let listener = hub.subscribe(&token, now);
                            let _published = hub.publish(&token, "ping", b"some data", now);
                            if let Ok(mut listener) = listener
                                && n != 0
                            {
                                let _any = listener.poll_output(&waker(), now);
                                let _any = listener.poll_output(&waker(), now);
                            }
                            let _published = hub.publish(&token, "ping", b"some data", now);
                        }
                    })
                })
                .collect();
            for _ in 0..3 {
                let counts = hub.counts();
                assert!(counts.listeners <= 6 && counts.leaving <= 6, "{counts:?}");
            }
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            assert_held(&hub);
            assert_eq!(hub.counts().unread_bytes, 0, "nobody listens");
            assert!(hub.counts().history_bytes <= 700);
        },
        SCHEDULES,
    );
}

/// What is counted is what is held.
fn assert_held(hub: &Hub) {
    let [counted, held] = [hub.counts(), hub.recount()].map(|counts| {
        (
            (counts.channels, counts.tombstones, counts.listeners, counts.leaving, counts.granted),
            (counts.unread_bytes, counts.joined_bytes, counts.history_bytes),
        )
    });
    assert_eq!(counted, held);
}

fn world(mode: Mode) -> (std::sync::Arc<Hub>, Token, Instant) {
    world_of(HubConfig::new(StringFormat).with_mode(mode))
}

fn world_of(config: HubConfig) -> (std::sync::Arc<Hub>, Token, Instant) {
    (Hub::new(config.with_keepalive(None)), Token::new("t").unwrap(), Instant::now())
}

/// Reads until the stream is closed, asleep while there is nothing: a lost wake-up is a deadlock.
fn read_to_end(mut listener: Subscriber, now: Instant) -> (String, CloseReason) {
    let (mut read, parked) = (String::new(), Parked::new());
    let waker = Waker::from(parked.clone());
    loop {
        match listener.poll_output(&waker, now) {
            Output::Write(bytes) => read += str::from_utf8(&bytes).unwrap(),
            Output::Close(reason) => return (read, reason),
            _ => parked.wait(),
        }
    }
}

fn read_until(mut listener: Subscriber, text: &str, now: Instant) -> String {
    let (mut read, parked) = (String::new(), Parked::new());
    let waker = Waker::from(parked.clone());
    while !read.contains(text) {
        match listener.poll_output(&waker, now) {
            Output::Write(bytes) => read += str::from_utf8(&bytes).unwrap(),
            Output::Close(reason) => panic!("{reason:?} after {read:?}"),
            _ => parked.wait(),
        }
    }
    read
}

fn waker() -> Waker {
    Waker::from(Parked::new())
}

struct Parked {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Parked {
    fn new() -> std::sync::Arc<Self> {
        let is_woken = AtomicBool::new(false);
        std::sync::Arc::new(Self { thread: thread::current(), is_woken })
    }

    fn wait(&self) {
        while !self.is_woken.swap(false, Ordering::SeqCst) {
            thread::park();
        }
    }
}

impl Wake for Parked {
    fn wake(self: std::sync::Arc<Self>) {
        self.is_woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}
