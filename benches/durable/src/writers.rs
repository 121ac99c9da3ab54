use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use sse_core::{
    Event, Token,
    store::{Append, Done, Outcome},
};
use sse_redb::Store;

use crate::raw::Raw;

/// Takes events, and says when they are safe.
pub(crate) trait Writer: Send + Sync + 'static {
    type Event: Send;

    fn event(&self, number: usize) -> Self::Event;

    fn append(&self, event: Self::Event, done: impl FnOnce() + Send + 'static);

    fn commits(&self) -> u64;
}

impl Writer for Raw {
    type Event = Vec<u8>;

    fn event(&self, number: usize) -> Vec<u8> {
        text(number).into_bytes()
    }

    fn append(&self, event: Vec<u8>, done: impl FnOnce() + Send + 'static) {
        self.append(event, Box::new(done));
    }

    fn commits(&self) -> u64 {
        self.commits()
    }
}

impl Writer for Store {
    type Event = Append;

    fn event(&self, number: usize) -> Append {
        let token = Token::new(&format!("channel {}", number % CHANNELS)).expect("a short name");
        Append::of(token, [Event::data(text(number))])
    }

    fn append(&self, event: Append, done: impl FnOnce() + Send + 'static) {
        let done = Done::new(move |outcome, _| {
            assert!(matches!(outcome, Outcome::Stored(_)), "{outcome:?}");
            done();
        });
        sse_core::store::Store::append(self, event, done);
    }

    fn commits(&self) -> u64 {
        self.counts().commits.count()
    }
}

/// An event of 200 bytes.
pub(crate) fn text(number: usize) -> String {
    format!("{number:0200}")
}

/// What a contestant did with some events in flight.
pub(crate) struct Throughput {
    pub(crate) events_per_second: f64,
    pub(crate) events_per_commit: f64,
}

/// Keeps `in_flight` events in flight until `events` are safe. Each that is safe sends the next one, so that
/// batches are as large as they can be, and the same for all. What a publisher does before is not measured.
pub(crate) fn throughput(writer: &Arc<impl Writer>, in_flight: usize, events: usize) -> Throughput {
    let prepared = (0..events).map(|number| writer.event(number)).collect();
    let run = Arc::new(Run { prepared: Mutex::new(prepared), left: AtomicUsize::new(events) });
    let (tell, told) = mpsc::channel();
    let (commits, begun) = (writer.commits(), Instant::now());
    for _ in 0..in_flight {
        send_next(writer, &run, &tell);
    }
    told.recv().expect("all are told");
    let took = begun.elapsed();
    let commits = writer.commits() - commits;
    Throughput {
        events_per_second: events as f64 / took.as_secs_f64(),
        events_per_commit: events as f64 / commits as f64,
    }
}

struct Run<E> {
    prepared: Mutex<Vec<E>>,
    left: AtomicUsize,
}

fn send_next<W: Writer>(writer: &Arc<W>, run: &Arc<Run<W::Event>>, tell: &mpsc::Sender<()>) {
    let Some(event) = run.prepared.lock().expect("no panic").pop() else { return };
    let (again, next, tell) = (writer.clone(), run.clone(), tell.clone());
    writer.append(event, move || {
        if next.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            tell.send(()).expect("it is waited for");
        }
        send_next(&again, &next, &tell);
    });
}

/// How long one publisher waits for one event, the median of `events`.
pub(crate) fn latency(writer: &impl Writer, events: usize) -> Duration {
    let mut times: Vec<_> = (0..events)
        .map(|number| {
            let event = writer.event(number);
            let (tell, told) = mpsc::channel();
            let begun = Instant::now();
            writer.append(event, move || tell.send(()).expect("it is waited for"));
            told.recv().expect("it is told");
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[events / 2]
}

pub(crate) const CHANNELS: usize = 100;
