//! What a callback of a store may do.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Instant,
};

use sse_core::store::{Done, Page, Unavailable};
use sse_redb::Store;
use tempfile::tempdir;

use crate::{
    disk::Disk,
    seam::{event, publish, seqs, store_page, stored, told},
    support::{PATIENCE, token, unlimited},
};

#[test]
fn a_callback_may_ask_the_store_for_more() {
    let store = Arc::new(Disk::default().open(unlimited("memory")).expect("a new disk"));
    let (tell, told) = mpsc::channel();
    let again = store.clone();
    let done = Done::new(move |_, _| {
        let after = again.clone();
        let read = Done::new(move |page: Result<Page, Unavailable>, _| {
            assert_eq!(seqs(&page.expect("it is whole")), [1]);
            let done = Done::new(move |outcome, _| tell.send(outcome).unwrap_or_default());
            sse_core::store::Store::append(&*after, event("42", "2"), done);
        });
        store_page(&*again, 0, read);
    });
    sse_core::store::Store::append(&*store, event("42", "1"), done);

    let last = told.recv_timeout(PATIENCE).expect("it is told");
    assert_eq!(stored(last).position().map(|position| position.seq()), Some(2));
}

/// Lets `ask` hand the last reference to a store to a callback, and waits until the store is closed.
fn let_go(ask: impl FnOnce(Arc<Store>, mpsc::Sender<String>)) {
    let dir = tempdir().expect("there is room");
    let store = Arc::new(Store::open(unlimited(dir.path())).expect("it opens"));
    publish(&*store, "1");
    let (tell, told) = mpsc::channel();
    ask(store, tell);

    let thread = told.recv_timeout(PATIENCE).expect("nothing has panicked");
    assert!(thread.starts_with("history"), "{thread}");
    let begun = Instant::now();
    let store = loop {
        match Store::open(unlimited(dir.path())) {
            Ok(store) => break store,
            Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
        }
        thread::yield_now();
    };
    let known = store.channel(&token("42")).expect("it has events");
    // What was waiting behind the callback was carried through.
    assert_eq!(known.top.seq(), 3);
}

fn name() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

#[test]
fn the_last_to_let_go_may_be_told_on_the_thread_that_writes() {
    let_go(|store, tell| {
        let (last, behind) = (store.clone(), store.clone());
        let (go, wait) = mpsc::channel();
        let done = Done::new(move |_, _| {
            wait.recv_timeout(PATIENCE).expect("the others have let go");
            drop(last);
            tell.send(name()).unwrap_or_default();
        });
        sse_core::store::Store::append(&*store, event("42", "2"), done);
        let (done, _) = told();
        sse_core::store::Store::append(&*behind, event("42", "3"), done);
        drop((store, behind));
        go.send(()).expect("it waits");
    });
}

#[test]
fn the_last_to_let_go_may_be_told_on_a_thread_that_reads() {
    let_go(|store, tell| {
        let last = store.clone();
        let (go, wait) = mpsc::channel();
        let read = Done::new(move |page: Result<Page, Unavailable>, _| {
            page.expect("it is whole");
            wait.recv_timeout(PATIENCE).expect("the others have let go");
            drop(last);
            tell.send(name()).unwrap_or_default();
        });
        store_page(&*store, 0, read);
        for data in ["2", "3"] {
            let (done, _) = told();
            sse_core::store::Store::append(&*store, event("42", data), done);
        }
        drop(store);
        go.send(()).expect("it waits");
    });
}
