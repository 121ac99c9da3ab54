//! Listeners that begin while a store makes publications safe.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Waker},
    time::{Duration, Instant},
};

use shuttle::{
    check_random,
    future::block_on,
    sync::{Mutex, MutexGuard},
    thread,
};
use sse_core::{
    HubConfig, StringFormat, Token,
    history::{Epoch, History, Position, Start},
    hub::Post,
    store::{Append, Done, Entry, Facts, Outcome, Page, Store, Stored, Unavailable},
};

use crate::{SCHEDULES, read_until, world_of};

#[test]
fn a_listener_misses_nothing_of_what_becomes_safe_while_it_begins() {
    check_random(
        || {
            let store = Arc::new(InOrder::default());
            let (hub, token, now) = world_of(stored(&store));
            let publisher = {
                let (hub, token) = (hub.clone(), token.clone());
                thread::spawn(move || {
                    for data in ["1", "2", "3"] {
                        block_on(hub.submit(&token, &Post::new("ping", data.as_bytes()), now))
                            .unwrap()
                            .wake();
                    }
                })
            };
            let listeners = [(), ()].map(|()| {
                let (hub, token) = (hub.clone(), token.clone());
                thread::spawn(move || {
                    let joined = block_on(hub.join(&token, &Start::default(), None, now)).unwrap();
                    let anchor = joined.resume().unwrap().anchor().seq();
                    (
                        anchor,
                        if anchor < 3 { read_until(joined, "data: 3", now) } else { String::new() },
                    )
                })
            });
            for listener in listeners {
                let (anchor, read) = listener.join().unwrap();
                let expected = 3 - anchor as usize;
                assert_eq!(read.matches("event: ping").count(), expected, "{anchor}: {read}");
            }
            publisher.join().unwrap();
        },
        SCHEDULES / 5,
    );
}

#[test]
fn nothing_is_left_of_listeners_that_give_up_waiting_for_the_store() {
    check_random(
        || {
            let store = Arc::new(InOrder::default());
            let (hub, token, now) = world_of(stored(&store));
            let joining: Vec<_> = (0..2)
                .map(|_| {
                    let (hub, token) = (hub.clone(), token.clone());
                    thread::spawn(move || {
                        let mut joining = pin!(hub.join(&token, &Start::default(), None, now));
                        drop(joining.as_mut().poll(&mut Context::from_waker(Waker::noop())));
                    })
                })
                .collect();
            let listener = block_on(hub.join(&token, &Start::default(), None, now)).unwrap();
            joining.into_iter().for_each(|joining| joining.join().unwrap());
            drop(listener);
            assert_eq!((hub.counts().channels, hub.counts().listeners), (0, 0));
        },
        SCHEDULES / 5,
    );
}

fn stored(store: &Arc<InOrder>) -> HubConfig {
    let config = HubConfig::new(StringFormat).with_mode(sse_core::channel::Mode::Shared);
    config.with_history(History::new(1)).with_store(store.clone())
}

/// A store of one channel. What it has made safe is told afterwards, in this order.
#[derive(Debug, Default)]
struct InOrder {
    entries: Mutex<Vec<Entry>>,
}

impl InOrder {
    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap()
    }
}

impl Store for InOrder {
    fn open(&self, _: &Token, done: Done<Result<Facts, Unavailable>>) {
        let top = self.entries().len() as u64;
        thread::yield_now();
        done.tell(Ok(Facts::new(position(top)).with_first(1)), Instant::now());
    }

    fn append(&self, append: Append, done: Done<Outcome>) {
        let mut entries = self.entries();
        let mut stored = Vec::new();
        for draft in append.into_drafts() {
            let position = position(entries.len() as u64 + 1);
            stored.push(Entry::new(position, draft.finish(position)));
            entries.extend(stored.last().cloned());
        }
        drop(entries);
        thread::yield_now();
        let position = stored.last().map(Entry::position);
        done.tell(Outcome::Stored(Stored::new(position, stored)), Instant::now());
    }

    fn finish(&self, _: &Token, _: Option<Duration>, done: Done<Outcome>) {
        done.tell(Outcome::Stored(Stored::new(None, Vec::new())), Instant::now());
    }

    fn page(&self, _: &Token, after: u64, _: usize, done: Done<Result<Page, Unavailable>>) {
        let entries = self.entries()[after as usize..].to_vec();
        thread::yield_now();
        done.tell(Ok(Page::new(after + entries.len() as u64, entries)), Instant::now());
    }
}

fn position(seq: u64) -> Position {
    Position::new(seq, Epoch::new(1, 0))
}
