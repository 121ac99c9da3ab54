//! Observers that begin and end while others publish.

use shuttle::{check_random, future::block_on, thread};
use sse_core::{
    HubConfig, StringFormat, Token,
    channel::Mode,
    history::History,
    hub::{Observed, Observer},
};

use crate::{SCHEDULES, world, world_of};

#[test]
fn an_observer_misses_nothing_of_what_is_published_while_it_comes() {
    check_random(
        || {
            let history = History::new(1);
            let (hub, token, now) = world_of(HubConfig::new(StringFormat).with_history(history));
            let publisher = {
                let (hub, token) = (hub.clone(), token.clone());
                thread::spawn(move || {
                    for data in ["1", "2", "3"] {
                        hub.publish(&token, "ping", data.as_bytes(), now).unwrap().wake();
                    }
                })
            };
            let mut observer = hub.observe(&token);
            for number in 1..=3 {
                assert_eq!(block_on(event(&mut observer)), number);
            }
            publisher.join().unwrap();
        },
        SCHEDULES,
    );
}

#[test]
fn observers_that_come_and_go_while_a_channel_ends_leave_nothing() {
    check_random(
        || {
            let (hub, token, now) = world(Mode::Shared);
            let listener = hub.subscribe(&token, now).unwrap();
            let observers: Vec<_> = (0..2)
                .map(|_| {
                    let (hub, token): (_, Token) = (hub.clone(), token.clone());
                    thread::spawn(move || drop(hub.observe(&token)))
                })
                .collect();
            hub.publish(&token, "ping", b"1", now).unwrap().wake();
            drop(listener);
            observers.into_iter().for_each(|observer| observer.join().unwrap());
            assert_eq!((hub.counts().channels, hub.counts().listeners), (0, 0));
        },
        SCHEDULES,
    );
}

/// The number of the next event.
async fn event(observer: &mut Observer) -> u64 {
    let observed = std::future::poll_fn(|cx| observer.poll_next(cx.waker()).map(Option::unwrap));
    match observed.await {
        Observed::Event { number, .. } => number,
        other => panic!("{other:?}"),
    }
}
