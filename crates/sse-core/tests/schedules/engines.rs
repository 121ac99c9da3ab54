use std::{task::Waker, time::Instant};

use shuttle::{check_pct, check_random, thread};
use sse_core::{
    HubConfig, StringFormat,
    access::{Grant, Permissions, Revocation},
    channel::{CloseReason, Framing, Mode, OnOverrun},
    history::Start,
    hub::{Delivery, Engine, StreamEnd, Subscriber},
};

use crate::{OPEN, Parked, SCHEDULES, assert_held, read_to_end, world, world_of};

/// What a socket has taken, and how its stream has ended.
type Ended = (String, StreamEnd);

/// An engine whose sockets take `step` bytes before they are full.
struct Driver {
    engine: Engine<Socket>,
    step: usize,
    ended: Vec<Ended>,
}

struct Socket {
    taken: String,
    room: usize,
}

impl Driver {
    fn new(step: usize) -> Self {
        Self { engine: Engine::new(Framing::Plain), step, ended: Vec::new() }
    }

    fn add(&mut self, subscriber: Subscriber, now: Instant) {
        let socket = Socket { taken: String::new(), room: usize::MAX };
        self.engine.add(subscriber, "".into(), socket, now);
    }

    /// Does the next thing that there is to do; returns whether there was any.
    fn step(&mut self, waker: &Waker, now: Instant) -> bool {
        match self.engine.poll_output(waker, now) {
            Delivery::Write { socket, bytes } => {
                let count = bytes.len().min(socket.room);
                socket.taken += str::from_utf8(&bytes[..count]).unwrap();
                socket.room = if count < bytes.len() { usize::MAX } else { self.step };
                // As publishers do, while it is not known what was taken.
                thread::yield_now();
                self.engine.handle_written(count, now);
                // There are few, and their keys are small.
                (0..4).for_each(|key| self.engine.handle_writable(key));
            }
            Delivery::End { socket, end } => self.ended.push((socket.taken, end)),
            Delivery::Wait { .. } => return false,
        }
        true
    }

    /// Runs until all streams have ended, asleep while there is nothing to do: a lost wake-up is a deadlock.
    fn run(mut self, now: Instant) -> Vec<Ended> {
        let parked = Parked::new();
        let waker = Waker::from(parked.clone());
        while !self.engine.is_empty() {
            if !self.step(&waker, now) && !self.engine.is_empty() {
                parked.wait();
            }
        }
        self.ended
    }
}

#[test]
fn what_is_published_while_engines_go_to_sleep_wakes_them() {
    check_random(
        || {
            let (hub, token, now) = world(Mode::Shared);
            let engines: Vec<_> = (1..=2)
                .map(|count| {
                    let listeners: Vec<_> =
                        (0..count).map(|_| hub.subscribe(&token, now).unwrap()).collect();
                    thread::spawn(move || {
                        let mut driver = Driver::new(usize::MAX);
                        listeners.into_iter().for_each(|listener| driver.add(listener, now));
                        driver.run(now)
                    })
                })
                .collect();
            let polled = hub.subscribe(&token, now).unwrap();
            let polled = thread::spawn(move || read_to_end(polled, now).0);
            let publishers = ["a", "b"].map(|data| {
                let (hub, token) = (hub.clone(), token.clone());
                thread::spawn(move || {
                    hub.publish(&token, "ping", data.as_bytes(), now).unwrap().wake();
                })
            });
            publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
            hub.close(&token, now).unwrap().wake();
            let read = polled.join().unwrap();
            assert_eq!(read.matches("event: ping").count(), 2);
            for engine in engines {
                for (text, end) in engine.join().unwrap() {
                    assert_eq!(
                        (text, end),
                        (read.clone(), StreamEnd::Whole(CloseReason::Finished))
                    );
                }
            }
            assert_held(&hub);
        },
        SCHEDULES,
    );
}

#[test]
fn whoever_the_log_overtakes_during_a_write_is_told_of_the_gap_and_loses_nothing_else() {
    check_pct(
        || {
            let config = HubConfig::new(StringFormat).with_mode(Mode::Shared);
            let config = config.with_on_overrun(OnOverrun::Gap).with_max_log_bytes(320);
            let (hub, token, now) = world_of(config);
            let engines = [30, usize::MAX].map(|step| {
                let listener = hub.subscribe(&token, now).unwrap();
                thread::spawn(move || {
                    let mut driver = Driver::new(step);
                    driver.add(listener, now);
                    driver.run(now)
                })
            });
            for n in 0..5 {
                hub.publish(&token, "ping", format!("{n}").as_bytes(), now).unwrap().wake();
            }
            hub.close(&token, now).unwrap().wake();
            for engine in engines {
                let ended = engine.join().unwrap();
                let [(text, StreamEnd::Whole(CloseReason::Finished))] = &ended[..] else {
                    panic!("{ended:?}");
                };
                let mut next = 0;
                for line in text.strip_prefix(OPEN).unwrap().lines() {
                    if let Some(missed) = line.split("\"missed\":").nth(1) {
                        next += missed.trim_end_matches('}').parse::<usize>().unwrap();
                    } else if let Some(n) = line.strip_prefix("data: ") {
                        assert_eq!(n.parse(), Ok(next), "{text}");
                        next += 1;
                    }
                }
                assert_eq!(next, 5, "{text}");
            }
            assert_held(&hub);
            assert_eq!(hub.counts().unread_bytes, 0, "nobody listens");
        },
        SCHEDULES,
        DEPTH,
    );
}

#[test]
fn an_engine_that_is_dropped_while_it_is_published_to_leaves_nothing_behind() {
    check_random(
        || {
            let (hub, token, now) = world(Mode::Shared);
            let staying = hub.subscribe(&token, now).unwrap();
            let staying = thread::spawn(move || {
                let mut driver = Driver::new(usize::MAX);
                driver.add(staying, now);
                driver.run(now)
            });
            let leaving: Vec<_> = (0..2).map(|_| hub.subscribe(&token, now).unwrap()).collect();
            let leaving = thread::spawn(move || {
                let (mut driver, waker) = (Driver::new(9), Waker::from(Parked::new()));
                leaving.into_iter().for_each(|listener| driver.add(listener, now));
                for _ in 0..5 {
                    driver.step(&waker, now);
                }
            });
            for data in ["a", "b"] {
                hub.publish(&token, "ping", data.as_bytes(), now).unwrap().wake();
            }
            leaving.join().unwrap();
            hub.close(&token, now).unwrap().wake();
            let ended = staying.join().unwrap();
            assert!(ended[0].0.ends_with("data: a\n\nevent: ping\ndata: b\n\n"), "{ended:?}");
            assert_held(&hub);
            assert_eq!((hub.counts().leaving, hub.counts().unread_bytes), (0, 0));
        },
        SCHEDULES,
    );
}

#[test]
fn a_stream_that_is_taken_over_or_revoked_while_its_engine_goes_to_sleep_ends() {
    check_pct(
        || {
            let (hub, token, now) = world(Mode::Takeover);
            let grant = Grant::new(Permissions::all()).with_subject("alice");
            let start = Start::default();
            let first = hub.subscribe_granted(&token, &start, Some(&grant), now).unwrap();
            let first = thread::spawn(move || {
                let mut driver = Driver::new(5);
                driver.add(first, now);
                driver.run(now)
            });
            let second = {
                let (hub, token) = (hub.clone(), token.clone());
                thread::spawn(move || {
                    let mut driver = Driver::new(usize::MAX);
                    // Unless it comes too late.
                    if let Ok(listener) = hub.subscribe(&token, now) {
                        driver.add(listener, now);
                    }
                    driver.run(now)
                })
            };
            hub.revoke(&Revocation::subject("alice"), now).unwrap().wake();
            let ended = first.join().unwrap();
            let is_either = |reason| matches!(reason, CloseReason::Replaced | CloseReason::Revoked);
            assert!(
                matches!(ended[0].1, StreamEnd::Whole(reason) if is_either(reason)),
                "{ended:?}"
            );
            hub.shutdown().wake();
            for (_, end) in second.join().unwrap() {
                assert_eq!(end, StreamEnd::Whole(CloseReason::Shutdown));
            }
            assert_held(&hub);
        },
        SCHEDULES,
        DEPTH,
    );
}

/// How often a thread is overtaken where it matters at which step that is.
const DEPTH: usize = 3;
