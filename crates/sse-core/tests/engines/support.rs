use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Poll, Wake, Waker},
    time::{Duration, Instant},
};

use sse_core::{
    Hub, HubConfig, StringFormat, Token,
    access::{Grant, Permissions},
    channel::{Framing, Mode},
    history::Start,
    hub::{Delivery, Engine, HubEvent, StreamEnd, Subscriber, Watcher},
};

/// A hub, an engine that drives its listeners, and a clock that only the test moves.
pub(crate) struct World {
    pub(crate) hub: Arc<Hub>,
    pub(crate) engine: Engine<Pipe>,
    pub(crate) now: Instant,
    /// The streams that have ended, by the number of their pipe, as they came.
    pub(crate) ended: Vec<(usize, StreamEnd)>,
    /// Every write that was asked for: the number of the pipe, and how many bytes it took.
    pub(crate) writes: Vec<(usize, usize)>,
    pub(crate) woken: Arc<Woken>,
    framing: Framing,
    pipes: usize,
}

/// What the driver did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Did {
    /// It wrote to the pipe of this number.
    Write(usize),
    End,
    /// It waits until then.
    Wait(Option<Instant>),
}

impl World {
    pub(crate) fn new(config: HubConfig) -> Self {
        Self::with_framing(config, Framing::Plain)
    }

    pub(crate) fn with_framing(config: HubConfig, framing: Framing) -> Self {
        Self::of(Hub::new(config), Engine::new(framing), framing)
    }

    pub(crate) fn of(hub: Arc<Hub>, engine: Engine<Pipe>, framing: Framing) -> Self {
        let (ended, writes, woken) = (Vec::new(), Vec::new(), Arc::default());
        Self { hub, engine, now: epoch(), ended, writes, woken, framing, pipes: 0 }
    }

    /// A world with the same hub, and an engine of its own.
    pub(crate) fn sibling(&self, framing: Framing) -> Self {
        let mut sibling = Self::of(self.hub.clone(), Engine::new(framing), framing);
        sibling.now = self.now;
        sibling
    }

    pub(crate) fn publish(&self, name: &str, data: &str) {
        self.hub.publish(&token(name), "ping", data.as_bytes(), self.now).unwrap().wake();
    }

    pub(crate) fn close(&self, name: &str) {
        self.hub.close(&token(name), self.now).unwrap().wake();
    }

    pub(crate) fn listen(&mut self, name: &str) -> Pipe {
        let subscriber = self.hub.subscribe(&token(name), self.now).unwrap();
        self.add(subscriber)
    }

    pub(crate) fn listen_granted(&mut self, name: &str, grant: &Grant) -> Pipe {
        let (start, token) = (Start::default(), token(name));
        let subscriber = self.hub.subscribe_granted(&token, &start, Some(grant), self.now);
        self.add(subscriber.unwrap())
    }

    pub(crate) fn add(&mut self, subscriber: Subscriber) -> Pipe {
        let pipe = Pipe::new(self.pipes, self.framing);
        self.pipes += 1;
        pipe.0.key.set(self.engine.add(subscriber, HEAD.into(), pipe.clone(), self.now));
        pipe
    }

    /// A listener that has been opened, and whose first block is not of interest.
    pub(crate) fn listen_open(&mut self, name: &str) -> Pipe {
        let pipe = self.listen(name);
        self.run();
        assert_eq!(pipe.take(), OPEN);
        pipe
    }

    /// Does what the engine says until it is to wait; returns until when.
    pub(crate) fn run(&mut self) -> Option<Instant> {
        for _ in 0..1_000_000 {
            if let Did::Wait(until) = self.step() {
                return until;
            }
        }
        panic!("the engine is always busy");
    }

    /// Does the next thing that the engine says.
    pub(crate) fn step(&mut self) -> Did {
        let waker = Waker::from(self.woken.clone());
        match self.engine.poll_output(&waker, self.now) {
            Delivery::Write { socket, bytes } => {
                assert!(!bytes.is_empty(), "there is nothing to write");
                let (number, taken) = (socket.0.number, socket.take_in(bytes));
                match taken {
                    Some(count) => {
                        self.writes.push((number, count));
                        self.engine.handle_written(count, self.now);
                    }
                    None => self.engine.handle_broken(),
                }
                Did::Write(number)
            }
            Delivery::End { socket, end } => {
                self.ended.push((socket.0.number, end));
                Did::End
            }
            Delivery::Wait { until } => Did::Wait(until),
        }
    }

    /// The write that the engine asks for: to which pipe, and what.
    pub(crate) fn peek(&mut self) -> (usize, Vec<u8>) {
        match self.engine.poll_output(Waker::noop(), self.now) {
            Delivery::Write { socket, bytes } => (socket.0.number, bytes.to_vec()),
            other => panic!("{other:?}"),
        }
    }

    /// The pipe takes `room` bytes from now on, and the engine hears of it.
    pub(crate) fn open_up(&mut self, pipe: &Pipe, room: usize) {
        pipe.set_room(room);
        self.engine.handle_writable(pipe.key());
    }

    /// How the stream of `pipe` has ended, if it has.
    pub(crate) fn end_of(&self, pipe: &Pipe) -> Option<StreamEnd> {
        let ends: Vec<_> = self.ended.iter().filter(|(it, _)| *it == pipe.0.number).collect();
        assert!(ends.len() < 2, "{ends:?}");
        ends.first().map(|(_, end)| *end)
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// Counted, and held.
    pub(crate) fn check_counts(&self) {
        assert_eq!(self.hub.recount(), self.hub.counts());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.check_counts();
        }
    }
}

/// A socket that takes as much as the test says.
#[derive(Clone, Debug)]
pub(crate) struct Pipe(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    number: usize,
    framing: Framing,
    key: Cell<usize>,
    /// What was written to it and not read yet.
    received: RefCell<Vec<u8>>,
    /// How many bytes it takes before it is full.
    room: Cell<usize>,
    is_broken: Cell<bool>,
}

impl Pipe {
    fn new(number: usize, framing: Framing) -> Self {
        Self(Rc::new(Inner {
            number,
            framing,
            key: Cell::new(0),
            received: RefCell::default(),
            room: Cell::new(usize::MAX),
            is_broken: Cell::new(false),
        }))
    }

    pub(crate) fn number(&self) -> usize {
        self.0.number
    }

    pub(crate) fn key(&self) -> usize {
        self.0.key.get()
    }

    pub(crate) fn set_room(&self, room: usize) {
        self.0.room.set(room);
    }

    pub(crate) fn break_down(&self) {
        self.0.is_broken.set(true);
    }

    /// What has come, without the head, as the client reads it.
    pub(crate) fn take(&self) -> String {
        let (text, is_over) = self.take_all();
        assert!(!is_over, "the body is over after {text:?}");
        text
    }

    /// The same, and whether the body has ended.
    pub(crate) fn take_all(&self) -> (String, bool) {
        let bytes = std::mem::take(&mut *self.0.received.borrow_mut());
        let bytes = bytes.strip_prefix(HEAD.as_bytes()).unwrap_or(&bytes);
        match self.0.framing {
            Framing::Chunked => {
                let (body, is_over) = dechunk(bytes);
                (String::from_utf8(body).unwrap(), is_over)
            }
            _ => (String::from_utf8(bytes.to_vec()).unwrap(), false),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.received.borrow().len()
    }

    /// How many bytes it takes, unless it is broken.
    fn take_in(&self, bytes: &[u8]) -> Option<usize> {
        if self.0.is_broken.get() {
            return None;
        }
        let count = bytes.len().min(self.0.room.get());
        if self.0.room.get() != usize::MAX {
            self.0.room.set(self.0.room.get() - count);
        }
        self.0.received.borrow_mut().extend_from_slice(&bytes[..count]);
        Some(count)
    }
}

/// The body that whole chunks are of, and whether its end is there.
pub(crate) fn dechunk(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.windows(2).position(|end| end == b"\r\n").expect("the size of a chunk");
        let digits = str::from_utf8(&bytes[..end]).unwrap();
        let len = usize::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("{digits:?}"));
        let chunk = &bytes[end + 2..];
        body.extend_from_slice(&chunk[..len]);
        assert_eq!(&chunk[len..len + 2], b"\r\n", "the end of a chunk of {len} bytes");
        bytes = &chunk[len + 2..];
        if len == 0 {
            assert!(bytes.is_empty(), "something comes behind the end");
            return (body, true);
        }
    }
    (body, false)
}

/// What a watcher has heard by now.
pub(crate) fn heard(watcher: &mut Watcher) -> Vec<HubEvent> {
    let mut heard = Vec::new();
    while let Poll::Ready(Some(event)) = watcher.poll_next(Waker::noop()) {
        heard.push(event);
    }
    heard
}

#[derive(Debug, Default)]
pub(crate) struct Woken(AtomicUsize);

impl Woken {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A hub that says nothing by itself, and whose channels anybody may hear.
pub(crate) fn quiet() -> HubConfig {
    HubConfig::new(StringFormat).with_keepalive(None).with_mode(Mode::Shared)
}

pub(crate) fn token(name: &str) -> Token {
    Token::new(name).unwrap()
}

pub(crate) fn alice() -> Grant {
    Grant::new(Permissions::all()).with_subject("alice")
}

pub(crate) const HEAD: &str = "HTTP/1.1 200 OK\r\n\r\n";

/// The first block of a stream without history.
pub(crate) const OPEN: &str = "event: sse.open\nretry: 3000\ndata: {}\n\n";

/// An event without an ID, as it is written.
pub(crate) fn ping(data: &str) -> String {
    format!("event: ping\ndata: {data}\n\n")
}

/// Data of `len` bytes.
pub(crate) fn data(len: usize) -> String {
    "x".repeat(len)
}

#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}
