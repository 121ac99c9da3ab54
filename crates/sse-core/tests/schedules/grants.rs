//! Grants that end or are revoked while listeners come and go.

use std::time::Duration;

use shuttle::{check_pct, check_random, thread};
use sse_core::{
    HubConfig, StringFormat,
    access::{Grant, Permissions, Revocation},
    channel::{CloseReason, Mode, Output},
    history::{History, Start},
    hub::SubscribeError,
};

use crate::{OPEN, SCHEDULES, assert_held, read_to_end, read_until, waker, world, world_of};

#[test]
fn who_comes_while_its_grant_is_revoked_is_refused_or_ended() {
    check_pct(
        || {
            let (hub, token, now) = world(Mode::Shared);
            let alice = Grant::new(Permissions::all()).with_subject("alice").with_id("1");
            let listeners: Vec<_> = (0..2)
                .map(|_| {
                    let (hub, token, alice) = (hub.clone(), token.clone(), alice.clone());
                    thread::spawn(move || {
                        let start = Start::default();
                        match hub.subscribe_granted(&token, &start, Some(&alice), now) {
                            // Asleep for ever, if it were alive afterwards.
                            Ok(listener) => {
                                assert_eq!(read_to_end(listener, now).1, CloseReason::Revoked);
                            }
                            Err(error) => assert_eq!(error, SubscribeError::GrantEnded),
                        }
                    })
                })
                .collect();
            hub.revoke(&Revocation::subject("alice"), now).unwrap().wake();
            listeners.into_iter().for_each(|listener| listener.join().unwrap());
            assert_eq!((hub.counts().granted, hub.counts().channels), (0, 0));
            assert_held(&hub);
        },
        SCHEDULES,
        DEPTH,
    );
}

#[test]
fn a_revocation_hits_nobody_who_got_the_key_of_one_who_left() {
    check_pct(
        || {
            let (hub, token, now) = world(Mode::Shared);
            let grant = |subject| Grant::new(Permissions::all()).with_subject(subject);
            let subscribe = {
                let (hub, token) = (hub.clone(), token.clone());
                move |subject: &'static str| {
                    let start = Start::default();
                    hub.subscribe_granted(&token, &start, Some(&grant(subject)), now)
                }
            };
            let staying = subscribe("carol").unwrap();
            let leaving = subscribe("alice").unwrap();
            let coming = thread::spawn(move || {
                drop(leaving);
                let mut bob = subscribe("bob").unwrap();
                for _ in 0..3 {
                    let output = bob.poll_output(&waker(), now);
                    let is_told = matches!(&output, Output::Write(it) if *it == OPEN);
                    let is_waiting = matches!(output, Output::Wait { .. });
                    assert!(is_told || is_waiting, "{output:?}");
                    thread::yield_now();
                }
            });
            hub.revoke(&Revocation::subject("alice"), now).unwrap().wake();
            coming.join().unwrap();
            assert_eq!((hub.counts().granted, hub.counts().listeners), (1, 1));
            assert_held(&hub);
            drop(staying);
        },
        SCHEDULES,
        DEPTH,
    );
}

#[test]
fn the_last_of_a_channel_whose_grant_ends_leaves_it_to_whoever_comes() {
    check_random(
        || {
            let config = HubConfig::new(StringFormat).with_history(History::new(1));
            let (hub, token, now) = world_of(config.with_mode(Mode::Shared));
            let end = now + Duration::from_secs(1);
            let alice = Grant::new(Permissions::all()).with_end(end);
            let start = Start::default();
            let listener = hub.subscribe_granted(&token, &start, Some(&alice), now).unwrap();
            let ending = thread::spawn(move || {
                assert_eq!(read_to_end(listener, end).1, CloseReason::Expired);
            });
            let coming = {
                let (hub, token) = (hub.clone(), token.clone());
                thread::spawn(move || hub.subscribe(&token, end).unwrap())
            };
            let listener = coming.join().unwrap();
            drop(hub.publish(&token, "ping", b"1", end).unwrap());
            ending.join().unwrap();
            assert!(read_until(listener, "data: 1", end).contains("sse.open"));
            assert_held(&hub);
        },
        SCHEDULES,
    );
}

/// How often a thread is overtaken where it matters at which step that is: by chance alone, none gets far
/// enough before another goes on.
const DEPTH: usize = 3;
