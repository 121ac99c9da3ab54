//! A store that other processes use too, and that tells the hub of its own accord.

use std::{
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use sse_core::{
    Event, Hub, HubConfig, StringFormat, Token,
    access::{Grant, Permissions, Revocation},
    channel::{CloseReason, Mode, Output},
    event::EventId,
    history::{Epoch, History, Position, Start},
    hub::{PublishError, SubscribeError, Subscriber},
    store::{Append, Done, Entry, Facts, Feed, Outcome, Page, Store, Stored, Unavailable},
};

use crate::support::{epoch, token};

#[test]
fn what_others_have_published_is_delivered() {
    let (hub, store) = hub(Mode::Shared);
    let mut listener = join(&hub).unwrap();

    drop(store.feed().publish(&token("t"), vec![entry(1), entry(2)], None, epoch()));
    drop(store.feed().publish(&token("t"), vec![entry(2), entry(3)], None, epoch()));
    drop(store.feed().publish(&token("t"), Vec::new(), Some(Duration::from_secs(7)), epoch()));

    let told = written(&mut listener);
    assert_eq!(numbers(&told), [1, 2, 3], "{told}");
    assert!(told.ends_with("retry: 7000\n\n"), "{told}");
    assert_eq!(store.feed().listeners(&token("t")), 1);
}

#[test]
fn what_is_missing_before_it_is_read_from_the_store() {
    let (hub, store) = hub(Mode::Shared);
    let mut listener = join(&hub).unwrap();
    store.keep(5);

    drop(store.feed().publish(&token("t"), vec![entry(5)], None, epoch()));
    assert_eq!(numbers(&written(&mut listener)), [1, 2, 3, 4, 5]);
    store.keep(9);
    drop(store.feed().catch_up(&token("t"), position(9)));

    assert_eq!(numbers(&written(&mut listener)), [6, 7, 8, 9]);
}

#[test]
fn what_others_have_finished_ends_and_takes_nothing_for_a_while() {
    let (hub, store) = hub(Mode::Shared);
    let mut listener = join(&hub).unwrap();
    drop(store.feed().publish(&token("t"), vec![entry(1)], None, epoch()));

    drop(store.feed().finish(&token("t"), Some(Duration::from_secs(9)), epoch()));

    assert_eq!(numbers(&written(&mut listener)), [1]);
    assert_eq!(closed(&mut listener), Some(CloseReason::Finished));
    assert_eq!(join(&hub).err(), Some(SubscribeError::Ended));
    assert_eq!(hub.check_publish(&token("t"), "ping", epoch()), Err(PublishError::NotConnected));
    drop(store.feed().finish(&token("other"), None, epoch()));
    assert_eq!(hub.check_publish(&token("other"), "ping", epoch()), Ok(()));
}

#[test]
fn the_streams_break_of_a_channel_of_which_the_store_has_lost_something() {
    let (hub, store) = hub(Mode::Shared);
    let mut listener = join(&hub).unwrap();

    drop(store.feed().break_off(&token("t")));

    written(&mut listener);
    assert_eq!(closed(&mut listener), Some(CloseReason::Failed));
    assert!(join(&hub).is_ok());
}

#[test]
fn a_listener_that_has_to_be_alone_is_claimed_and_others_are_not() {
    for (mode, claims) in [(Mode::Shared, 0), (Mode::Exclusive, 1), (Mode::Takeover, 1)] {
        let (hub, store) = hub(mode);

        let checked = hub.check_subscribe(&token("t"), &Start::default(), epoch());
        assert_eq!(checked, Err(SubscribeError::Unloaded), "{mode:?}");
        assert_eq!(store.claims(), 0, "{mode:?}: who only asks claims nothing");
        let _listener = join(&hub).unwrap();

        assert_eq!(store.claims(), claims, "{mode:?}");
    }
}

#[test]
fn a_channel_that_another_process_has_is_taken() {
    let (hub, store) = hub(Mode::Exclusive);
    store.state().is_taken = true;

    assert_eq!(join(&hub).err(), Some(SubscribeError::Taken));
    store.state().is_taken = false;
    assert!(join(&hub).is_ok());
}

#[test]
fn a_listener_is_replaced_by_one_of_another_process() {
    let (hub, store) = hub(Mode::Exclusive);
    let mut listener = join(&hub).unwrap();
    drop(store.feed().publish(&token("t"), vec![entry(1)], None, epoch()));

    drop(store.feed().replace(&token("t")));
    drop(store.feed().publish(&token("t"), vec![entry(2)], None, epoch()));

    assert_eq!(numbers(&written(&mut listener)), [1]);
    assert_eq!(closed(&mut listener), Some(CloseReason::Replaced));
    assert!(join(&hub).is_ok());
}

#[test]
fn the_store_is_told_when_the_last_listener_has_left() {
    let (hub, store) = hub(Mode::Shared);
    let (one, other) = (join(&hub).unwrap(), join(&hub).unwrap());
    drop(store.feed().publish(&token("t"), vec![entry(1)], None, epoch()));
    assert!(!store.feed().forget(&token("t")), "it is used");

    drop(one);
    assert_eq!(store.left(), 0);
    assert!(store.feed().is_used(&token("t")));
    drop(other);

    assert_eq!(store.left(), 1);
    assert!(!store.feed().is_used(&token("t")));
    assert!(hub.channel(&token("t")).is_some(), "its newest event is held for those who come back");
    assert!(store.feed().forget(&token("t")));
    assert!(hub.channel(&token("t")).is_none());
}

#[test]
fn what_others_have_revoked_is_revoked_here() {
    let (hub, store) = hub(Mode::Shared);
    let alice = Grant::new(Permissions::all()).with_subject("alice");
    let mut listener = join_as(&hub, Some(&alice)).unwrap();

    drop(store.feed().revoke(&Revocation::subject("alice"), epoch()).unwrap());

    written(&mut listener);
    assert_eq!(closed(&mut listener), Some(CloseReason::Revoked));
    assert_eq!(join_as(&hub, Some(&alice)).err(), Some(SubscribeError::GrantEnded));
}

#[test]
fn nothing_happens_once_the_hub_is_gone() {
    let (hub, store) = hub(Mode::Shared);
    drop(hub);

    drop(store.feed().publish(&token("t"), vec![entry(1)], None, epoch()));
    drop(store.feed().break_off(&token("t")));
    assert!(store.feed().forget(&token("t")));
    assert_eq!(store.feed().listeners(&token("t")), 0);
}

fn hub(mode: Mode) -> (Arc<Hub>, Arc<Elsewhere>) {
    let store = Arc::new(Elsewhere::default());
    let config = HubConfig::new(StringFormat).with_history(History::new(1)).with_mode(mode);
    (Hub::new(config.with_store(store.clone())), store)
}

fn join(hub: &Arc<Hub>) -> Result<Subscriber, SubscribeError> {
    join_as(hub, None)
}

fn join_as(hub: &Arc<Hub>, grant: Option<&Grant>) -> Result<Subscriber, SubscribeError> {
    let mut joining = pin!(hub.join(&token("t"), &Start::default(), grant, epoch()));
    match joining.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(joined) => joined,
        Poll::Pending => panic!("the store answers at once"),
    }
}

/// What is written now. Once more: a page that was asked for is there then.
fn written(listener: &mut Subscriber) -> String {
    let mut written = String::new();
    for _ in 0..2 {
        while let Output::Write(bytes) = listener.poll_output(Waker::noop(), epoch()) {
            written += str::from_utf8(&bytes).unwrap();
        }
    }
    written
}

fn closed(listener: &mut Subscriber) -> Option<CloseReason> {
    match listener.poll_output(Waker::noop(), epoch()) {
        Output::Close(reason) => Some(reason),
        _ => None,
    }
}

/// The numbers of the events in `stream`.
fn numbers(stream: &str) -> Vec<u64> {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter_map(|data| data.parse().ok()).collect()
}

fn position(seq: u64) -> Position {
    Position::new(seq, Epoch::new(0, 0))
}

fn entry(seq: u64) -> Entry {
    let event = Event::data(seq.to_string()).with_id(EventId::from(position(seq)));
    Entry::new(position(seq), event.into())
}

/// What other processes do is done by the test.
#[derive(Debug, Default)]
struct Elsewhere(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    feed: Option<Feed>,
    top: u64,
    is_taken: bool,
    claims: usize,
    left: usize,
}

impl Elsewhere {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn feed(&self) -> Feed {
        self.state().feed.clone().unwrap()
    }

    fn claims(&self) -> usize {
        self.state().claims
    }

    fn left(&self) -> usize {
        self.state().left
    }

    /// Has the events up to `top`.
    fn keep(&self, top: u64) {
        self.state().top = top;
    }
}

impl Store for Elsewhere {
    fn open(&self, _: &Token, done: Done<Result<Facts, Unavailable>>) {
        let State { top, is_taken, .. } = *self.state();
        let facts = Facts::new(position(top)).with_first(1).with_taken(is_taken);
        done.tell(Ok(facts), epoch());
    }

    fn append(&self, _: Append, done: Done<Outcome>) {
        done.tell(Outcome::Stored(Stored::new(None, Vec::new())), epoch());
    }

    fn finish(&self, _: &Token, _: Option<Duration>, done: Done<Outcome>) {
        done.tell(Outcome::Stored(Stored::new(None, Vec::new())), epoch());
    }

    fn page(&self, _: &Token, after: u64, _: usize, done: Done<Result<Page, Unavailable>>) {
        let top = self.state().top;
        done.tell(Ok(Page::new(top, (after + 1..=top).map(entry).collect())), epoch());
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn attach(&self, feed: Feed) {
        self.state().feed = Some(feed);
    }

    fn claim(&self, token: &Token, _: Mode, done: Done<Result<Facts, Unavailable>>) {
        self.state().claims += 1;
        self.open(token, done);
    }

    fn leave(&self, _: &Token) {
        self.state().left += 1;
    }

    fn revoke(&self, _: &Revocation, done: Done<Result<(), Unavailable>>, now: Instant) {
        done.tell(Ok(()), now);
    }
}
