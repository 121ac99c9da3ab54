//! Listeners that read from a store what the log does not hold.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use sse_core::{
    Event, Token,
    channel::Framing,
    event::{EventId, EventName},
    history::{Epoch, History, Position, Since, Start},
    hub::{Post, Subscriber},
    store::{Append, Done, Entry, Facts, Outcome, Page, Store, Stored, Unavailable},
};

use crate::support::{World, data, epoch, quiet, token};

#[test]
fn a_listener_reads_pages_until_it_meets_the_log_wherever_its_socket_is_full() {
    for framing in [Framing::Plain, Framing::Chunked] {
        for room in [999, 4_099, 70_000] {
            let (mut world, shelf) = world(framing);
            let pipe = world.add(join(&world));
            pipe.set_room(room);
            for data in ["new", "newer"] {
                submit(&world, data);
            }

            let mut before = None;
            while before != Some(pipe.len()) || shelf.answer() {
                before = Some(pipe.len());
                world.open_up(&pipe, room);
                world.run();
            }

            assert_eq!(pipe.take(), opening() + &shelf.told(), "{framing:?} {room}");
            world.check_counts();
        }
    }
}

#[test]
fn pages_are_let_go_of_where_all_hold_too_much_and_are_read_again() {
    let (mut world, shelf) = world_of(Framing::Chunked, 150 << 10);
    let pipes = [(); 8].map(|()| world.add(join(&world)));
    for pipe in &pipes {
        pipe.set_room(100);
    }

    for _ in 0..40 {
        world.run();
        while shelf.answer() {
            assert!(world.hub.counts().joined_bytes <= 150 << 10);
        }
        for (at, pipe) in pipes.iter().enumerate() {
            world.open_up(pipe, 7_000 * (at + 1));
        }
    }
    for pipe in &pipes {
        world.open_up(pipe, usize::MAX);
    }
    world.run();
    while shelf.answer() {
        world.run();
    }

    for pipe in &pipes {
        assert_eq!(pipe.take(), opening() + &shelf.told());
    }
    world.check_counts();
}

#[test]
fn a_listener_that_leaves_while_it_waits_for_a_page_leaves_nothing_behind() {
    let (mut world, shelf) = world(Framing::Chunked);
    let (gone, there) = (world.add(join(&world)), world.add(join(&world)));
    world.run();
    world.engine.handle_left(gone.key());
    submit(&world, "new");
    world.run();
    while shelf.answer() {
        world.run();
    }

    assert_eq!(there.take(), opening() + &shelf.told());
    assert_eq!(world.hub.counts().listeners, 1);
}

#[test]
fn a_store_is_told_that_a_channel_is_in_use_however_silent_it_is() {
    let (mut world, shelf) = world(Framing::Chunked);
    let _pipe = world.add(join(&world));
    world.run();
    while shelf.answer() {
        world.run();
    }
    let before = shelf.opened.load(Ordering::Relaxed);

    let an_hour = world.now + Duration::from_secs(3600);
    while world.now < an_hour {
        world.now = world.run().expect("something is due");
    }

    assert!(before + 3 < shelf.opened.load(Ordering::Relaxed));
}

fn world(framing: Framing) -> (World, Arc<Shelf>) {
    world_of(framing, 256 << 20)
}

/// A world whose store has events that no log holds, some of them long.
fn world_of(framing: Framing, max_total_bytes: usize) -> (World, Arc<Shelf>) {
    let shelf = Arc::new(Shelf::default());
    for number in 1..=300 {
        let len = if number % 40 == 7 { 40_000 } else { number % 900 };
        shelf.keep(number as u64, &data(len));
    }
    let config = quiet().with_history(History::new(1)).with_store(shelf.clone());
    let config = config.with_max_log_bytes(60_000).with_max_total_bytes(max_total_bytes);
    (World::with_framing(config, framing), shelf)
}

fn join(world: &World) -> Subscriber {
    let start = Start::default().with_since(Since::Earliest);
    let mut joining = pin!(world.hub.join(&token("t"), &start, None, world.now));
    match joining.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(joined) => joined.unwrap(),
        Poll::Pending => panic!("the store answers at once"),
    }
}

fn submit(world: &World, data: &str) {
    let post = Post::new("ping", data.as_bytes());
    let mut submission = pin!(world.hub.submit(&token("t"), &post, world.now));
    let published = submission.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(published.is_ready(), "the store answers at once");
}

fn opening() -> String {
    let fresh = r#"{"resume":"fresh"}"#;
    format!("event: sse.open\nretry: 3000\ndata: {fresh}\nid: {}\n\n", position(0))
}

/// A store of one channel that answers at once, but for pages.
#[derive(Debug, Default)]
struct Shelf {
    entries: Mutex<Vec<Entry>>,
    asked: Mutex<Vec<(u64, usize, PageDone)>>,
    /// How often it was asked what it has.
    opened: AtomicUsize,
}

type PageDone = Done<Result<Page, Unavailable>>;

impl Shelf {
    fn keep(&self, number: u64, data: &str) {
        let event = Event::data(data).with_name(EventName::from_static("ping"));
        let position = position(number);
        let frame = event.with_id(EventId::from(position)).into();
        self.entries.lock().unwrap().push(Entry::new(position, frame));
    }

    /// All that is kept, as it is sent.
    fn told(&self) -> String {
        let entries = self.entries.lock().unwrap();
        let frames = entries.iter().map(|entry| entry.frame().as_bytes().to_vec());
        String::from_utf8(frames.collect::<Vec<_>>().concat()).unwrap()
    }

    /// Answers for one page. Returns whether one was asked for.
    fn answer(&self) -> bool {
        let Some((after, max_bytes, done)) = self.asked.lock().unwrap().pop() else {
            return false;
        };
        let mut page = Vec::new();
        let mut bytes = 0;
        for entry in &self.entries.lock().unwrap()[after as usize..] {
            bytes += entry.frame().as_bytes().len();
            if max_bytes < bytes && !page.is_empty() {
                break;
            }
            page.push(entry.clone());
        }
        done.tell(Ok(Page::new(after + page.len() as u64, page)), epoch());
        true
    }
}

impl Store for Shelf {
    fn open(&self, _: &Token, done: Done<Result<Facts, Unavailable>>) {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let top = position(self.entries.lock().unwrap().len() as u64);
        done.tell(Ok(Facts::new(top).with_first(1)), epoch());
    }

    fn append(&self, append: Append, done: Done<Outcome>) {
        let mut stored = Vec::new();
        for draft in append.into_drafts() {
            let mut entries = self.entries.lock().unwrap();
            let position = position(entries.len() as u64 + 1);
            entries.push(Entry::new(position, draft.finish(position)));
            stored.extend(entries.last().cloned());
        }
        let position = stored.last().map(Entry::position);
        done.tell(Outcome::Stored(Stored::new(position, stored)), epoch());
    }

    fn finish(&self, _: &Token, _: Option<Duration>, done: Done<Outcome>) {
        done.tell(Outcome::Stored(Stored::new(None, Vec::new())), epoch());
    }

    fn page(&self, _: &Token, after: u64, max_bytes: usize, done: PageDone) {
        self.asked.lock().unwrap().push((after, max_bytes, done));
    }
}

fn position(seq: u64) -> Position {
    Position::new(seq, Epoch::new(1, 0))
}
