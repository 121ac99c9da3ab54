use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, Receiver, TryRecvError},
    },
    thread,
    time::{Duration, Instant},
};

use sse_core::{
    Event,
    channel::IdempotencyKey,
    history::Position,
    store::{Append, Done, Entry, Facts, Outcome, Page, Refused, Stored, Unavailable},
};
use sse_redb::Durability;

use crate::{
    disk::{Disk, Fault},
    support::{PATIENCE, token, unlimited},
};

pub(crate) type Seam = dyn sse_core::store::Store;

/// What is to be told, and where it is waited for.
pub(crate) fn told<T: Send + 'static>() -> (Done<T>, Receiver<T>) {
    let (tell, told) = mpsc::channel();
    (Done::new(move |answer, _| tell.send(answer).unwrap_or_default()), told)
}

fn wait<T: Send + 'static>(ask: impl FnOnce(Done<T>)) -> T {
    let (done, told) = told();
    ask(done);
    told.recv_timeout(PATIENCE).expect("it is told")
}

pub(crate) fn event(channel: &str, data: &str) -> Append {
    Append::of(token(channel), [Event::data(data)])
}

fn append(store: &Seam, append: Append) -> Outcome {
    wait(|done| store.append(append, done))
}

pub(crate) fn stored(outcome: Outcome) -> Stored {
    match outcome {
        Outcome::Stored(stored) => stored,
        other => panic!("not stored: {other:?}"),
    }
}

pub(crate) fn publish(store: &Seam, data: &str) -> Position {
    stored(append(store, event("42", data))).position().expect("it has an event")
}

fn finish(store: &Seam, kept: Option<Duration>) -> Outcome {
    wait(|done| store.finish(&token("42"), kept, done))
}

fn open(store: &Seam) -> Facts {
    wait(|done| store.open(&token("42"), done)).expect("it is known")
}

fn page(store: &Seam, after: u64, max_bytes: usize) -> Result<Page, Unavailable> {
    wait(|done| store.page(&token("42"), after, max_bytes, done))
}

pub(crate) fn seqs(page: &Page) -> Vec<u64> {
    page.entries().iter().map(|entry| entry.position().seq()).collect()
}

fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey::try_from(name.as_bytes()).expect("it is visible")
}

#[test]
fn a_hub_takes_it_shared_or_alone() {
    let disk = Disk::default();
    let _alone: Box<Seam> = Box::new(disk.open(unlimited("memory")).expect("a new disk"));
    let shared = Arc::new(disk.restarted().open(unlimited("memory")).expect("it opens"));
    let _shared: Arc<Seam> = shared.clone();
}

#[test]
fn a_channel_that_is_opened_has_position_0_and_keeps_it() {
    let disk = Disk::default();
    let store = disk.open(unlimited("memory")).expect("a new disk");
    let first = open(&store);
    assert_eq!((first.top().seq(), first.first()), (0, 1));
    let on_disk = disk.restarted().open(unlimited("memory")).expect("it opens");
    assert_eq!(on_disk.channel(&token("42")).map(|known| known.top), Some(first.top()));

    assert_eq!(open(&store).top(), first.top());
    assert_eq!(open(&on_disk).top(), first.top());
    let top = publish(&store, "1");
    assert_eq!((open(&store).top(), open(&store).first()), (top, 1));
}

#[test]
fn what_is_told_of_a_channel_is_what_is_on_disk() {
    let disk = Disk::default();
    let config = || unlimited("memory").with_max_events(2);
    for start in 0..2 {
        let store = disk.open(config()).expect("it opens");
        for number in 0..3 {
            publish(&store, &format!("{start} {number}"));
        }
        let retry = Append::of(token("42"), []).with_retry(Duration::from_millis(2_500));
        assert_eq!(stored(append(&store, retry)).entries(), []);
    }
    let store = disk.open(config()).expect("it opens");
    let known = store.channel(&token("42")).expect("it has events");

    let facts = open(&store);
    assert_eq!((facts.top(), facts.first()), (known.top, 5));
    assert_eq!((facts.retry(), facts.finished()), (Some(Duration::from_millis(2_500)), None));
    assert_eq!(known.epochs.len(), 2);
    for (_, epoch) in known.epochs {
        assert!(format!("{facts:?}").contains(epoch.as_str()), "{facts:?}");
    }
}

#[test]
fn a_publication_comes_back_with_its_positions_and_once_for_its_key() {
    let store = Disk::default().open(unlimited("memory")).expect("a new disk");
    let two = || {
        let events = [Event::data("1").with_id(7.into()), Event::data("2")];
        Append::of(token("42"), events).with_key(key("order"), 7)
    };
    let first = stored(append(&store, two()));
    let top = store.channel(&token("42")).map(|known| known.top);
    assert_eq!((first.position(), first.is_duplicate()), (top, false));
    let [one, two_] = first.entries() else { panic!("{first:?}") };
    assert_eq!((one.position().seq(), Some(two_.position())), (1, top));
    for (entry, data) in [(one, "1"), (two_, "2")] {
        let text = format!("data: {data}\nid: {}\n\n", entry.position());
        assert_eq!(entry.frame().as_bytes(), text.as_bytes());
    }

    let again = stored(append(&store, two()));
    assert_eq!((again.position(), again.is_duplicate()), (top, true));
    assert_eq!(again.entries(), []);
    let other = append(&store, event("42", "3").with_key(key("order"), 8));
    assert!(matches!(other, Outcome::Refused(Refused::KeyReused)), "{other:?}");
    assert_eq!(store.channel(&token("42")).map(|known| known.top), top);
}

#[test]
fn a_finished_channel_says_for_how_long_it_takes_nothing() {
    let hour = Duration::from_secs(3_600);
    for durability in [Durability::Strict, Durability::Relaxed(hour)] {
        let store = Disk::default().open(unlimited("memory").with_durability(durability));
        let store = store.expect("a new disk");
        publish(&store, "1");
        stored(finish(&store, Some(hour)));

        let is_long = |left: Duration| left <= hour && hour / 2 < left;
        let refused = append(&store, event("42", "2"));
        let Outcome::Refused(Refused::Finished { left }) = refused else { panic!("{refused:?}") };
        assert!(is_long(left), "{left:?}");
        assert!(open(&store).finished().is_some_and(is_long));
    }
}

#[test]
fn a_channel_whose_name_is_free_at_once_begins_anew() {
    let store = Disk::default().open(unlimited("memory")).expect("a new disk");
    let first = publish(&store, "1");
    stored(finish(&store, None));

    let facts = open(&store);
    assert_eq!((facts.top().seq(), facts.finished()), (0, None));
    assert_ne!(facts.top().epoch(), first.epoch());
}

#[test]
fn a_page_says_all_up_to_its_end() {
    let disk = Disk::default();
    let config = || unlimited("memory").with_cache_bytes(0);
    let store = disk.open(config()).expect("a new disk");
    for text in ["1", "2", "3", "the damaged one", "5", "the damaged one"] {
        publish(&store, text);
    }
    drop(store);
    let store = disk.open(config()).expect("it is whole");
    disk.damage(b"the damaged one");

    for (after, max_bytes, expected, until) in [
        (0, 1 << 20, &[1, 2, 3, 5][..], 6),
        (2, 1 << 20, &[3, 5], 6),
        (0, 1, &[1], 1),
        (3, 1, &[], 4),
        (5, 1 << 20, &[], 6),
    ] {
        let page = page(&store, after, max_bytes).expect("the others can be read");
        assert_eq!((seqs(&page), page.until()), (expected.to_vec(), until), "after {after}");
    }
    assert_eq!(store.damage(), 2);
}

#[test]
fn what_is_not_kept_any_more_is_passed_by() {
    let store = Disk::default().open(unlimited("memory").with_max_events(2)).expect("a new disk");
    for number in 0..5 {
        publish(&store, &number.to_string());
    }
    let all = page(&store, 0, 1 << 20).expect("it is whole");
    assert_eq!((seqs(&all), all.until()), (vec![4, 5], 5));

    let store = Disk::default().open(unlimited("memory").with_max_events(0)).expect("a new disk");
    publish(&store, "1");
    let none = page(&store, 0, 1 << 20).expect("it is whole");
    assert_eq!((seqs(&none), none.until()), (vec![], 1));
}

#[test]
fn a_page_of_what_was_delivered_and_is_not_on_disk_yet_is_told_once_it_is() {
    let disk = Disk::default();
    let store = disk.open(relaxed()).expect("a new disk");
    let positions: Vec<_> = (0..3).map(|number| publish(&store, &number.to_string())).collect();
    assert_eq!(store.channel(&token("42")), None);

    let read = page(&store, 1, 1 << 20).expect("it is whole");
    assert!(read.entries().iter().map(Entry::position).eq(positions[1..].iter().copied()));
    let kept = disk.restarted().open(relaxed()).expect("it opens");
    assert_eq!(kept.channel(&token("42")).map(|known| known.top), positions.last().copied());
}

#[test]
fn a_channel_that_is_opened_before_its_events_are_on_disk_has_them() {
    let store = Disk::default().open(relaxed()).expect("a new disk");
    let top = publish(&store, "1");
    assert_eq!((open(&store).top(), open(&store).first()), (top, 1));
    let top = publish(&store, "2");
    assert_eq!((open(&store).top(), open(&store).first()), (top, 1));
}

#[test]
fn a_page_of_what_is_not_stored_waits_for_it() {
    for durability in [Durability::Strict, Durability::Relaxed(Duration::from_millis(1))] {
        let config = unlimited("memory").with_durability(durability);
        let store = Disk::default().open(config).expect("a new disk");
        publish(&store, "1");
        let (done, next) = told();
        store_page(&store, 1, done);
        // A page that can be read, asked for later and told: the other one waits.
        page(&store, 0, 1 << 20).expect("it is whole");
        assert!(matches!(next.try_recv(), Err(TryRecvError::Empty)));

        publish(&store, "2");
        let next = next.recv_timeout(PATIENCE).expect("it is told").expect("it is whole");
        assert_eq!((seqs(&next), next.until()), (vec![2], 2));
    }
}

#[test]
fn a_page_that_will_never_be_is_told_why() {
    let waiting = |store: &Seam| {
        publish(store, "1");
        let (done, next) = told();
        store_page(store, 1, done);
        next
    };
    let why = |next: &Receiver<Result<Page, Unavailable>>| {
        let why = next.recv_timeout(PATIENCE).expect("it is told").expect_err("there is nothing");
        why.to_string()
    };

    let store = Disk::default().open(unlimited("memory")).expect("a new disk");
    let next = waiting(&store);
    stored(finish(&store, None));
    assert_eq!(why(&next), "the channel has ended");

    let next = waiting(&store);
    drop(store);
    assert_eq!(why(&next), "the history is shut");

    let disk = Disk::default();
    let store = disk.open(unlimited("memory")).expect("a new disk");
    let next = waiting(&store);
    disk.set_fault(Some(Fault { after: 0, kind: io::ErrorKind::Other, stays: true }));
    let unknown = append(&store, event("42", "2"));
    let Outcome::Unknown(failed) = unknown else { panic!("{unknown:?}") };
    assert_eq!((failed.to_string().as_str(), why(&next).as_str()), (FAILED, FAILED));
    let refused = append(&store, event("42", "3"));
    let Outcome::Refused(Refused::Unavailable(why)) = refused else { panic!("{refused:?}") };
    assert_eq!(why.to_string(), FAILED);
    assert_eq!(open(&store).top().seq(), 1);
}

#[test]
fn a_full_queue_and_a_full_disk_say_so() {
    let disk = Disk::default();
    let store = disk.open(unlimited("memory").with_max_queue(1, 1 << 20)).expect("a new disk");
    disk.set_blocked(true);
    let publish = |store: &Seam| {
        let (done, next) = told();
        store.append(event("42", "1"), done);
        next
    };
    let why = |refused| match refused {
        Outcome::Refused(Refused::Unavailable(why)) => why.to_string(),
        other => panic!("{other:?}"),
    };
    let first = publish(&store);
    let begun = Instant::now();
    while store.counts().queue_events != 0 {
        assert!(begun.elapsed() < PATIENCE);
    }
    let second = publish(&store);
    let refused = why(append(&store, event("42", "1")));
    assert!(refused.contains("wait for the disk"), "{refused}");
    disk.set_blocked(false);
    for told in [first, second] {
        stored(told.recv_timeout(PATIENCE).expect("it is told"));
    }

    disk.set_fault(Some(Fault { after: 0, kind: io::ErrorKind::StorageFull, stays: true }));
    let refused = why(append(&store, event("42", "1")));
    assert!(refused.starts_with("the disk is full"), "{refused}");
}

#[test]
fn one_channel_is_told_of_in_the_order_in_which_it_is_stored() {
    for durability in [Durability::Strict, Durability::Relaxed(Duration::from_millis(1))] {
        let store = Disk::default().open(unlimited("memory").with_durability(durability));
        let store = store.expect("a new disk");
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            for publisher in 0..4 {
                let (store, tell) = (&store, tell.clone());
                scope.spawn(move || {
                    for number in 0..100 {
                        let tell = tell.clone();
                        let done = Done::new(move |outcome, _| {
                            tell.send(stored(outcome).position()).expect("it is waited for");
                        });
                        let text = format!("{publisher} {number}");
                        sse_core::store::Store::append(store, event("42", &text), done);
                    }
                });
            }
        });
        let seqs = told.iter().take(400).map(|position| position.map(|it| it.seq()));
        assert!(seqs.eq((1..=400).map(Some)), "{durability:?}");
    }
}

pub(crate) fn store_page(store: &Seam, after: u64, done: Done<Result<Page, Unavailable>>) {
    store.page(&token("42"), after, 1 << 20, done);
}

fn relaxed() -> sse_redb::StoreConfig {
    unlimited("memory").with_durability(Durability::Relaxed(Duration::from_secs(3_600)))
}

const FAILED: &str = "the history has failed";
