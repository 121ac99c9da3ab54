//! One driver for very many listeners.

mod choose;
mod deadlines;
mod inbox;
mod lane;
mod stream;
mod turn;
mod wheel;

pub use stream::StreamEnd;

use std::{
    collections::{HashMap, VecDeque},
    task::Waker,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use slab::Slab;

use self::{
    inbox::Inbox,
    lane::Lane,
    stream::{Blocked, Pushed, Stream},
    turn::EngineTurn,
    wheel::{Due, Wheel},
};
use super::{Hub, Subscriber, cell::Cell, effects::Effects, sync::Arc};
use crate::{
    channel::{Framing, Output, Unsent},
    growth::grow_slab,
};

/// Drives the streams of very many listeners, without a task, a waker, a timer or a buffer for each of them.
///
/// It does no I/O: it says what is to be written to which socket `S`, and is told what became of it. There may be
/// several engines, and the listeners of a channel may be driven by different ones, or be polled by themselves.
///
/// A publication marks the channel once, however many listen, and wakes the engine once. The engine then goes once
/// around the listeners of the channel (a *lap*) and writes to each, at once, all that it has not read. What is
/// published meanwhile goes out with the rest of the lap, or with the next one. So writes are joined where much is
/// published, and nothing waits for others where little is. Channels take turns: none has more than
/// [`Self::MAX_TURN`] bytes written before all others with something to write have had a turn.
///
/// Call [`Self::poll_output`] until it answers [`Delivery::Wait`].
///
/// ```
/// use std::{task::Waker, time::Instant};
/// use sse_core::{
///     Hub, HubConfig, StringFormat, Token,
///     channel::{CloseReason, Framing, Mode},
///     hub::{Delivery, Engine, StreamEnd},
/// };
///
/// let (hub, now) = (Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared)), Instant::now());
/// let token = Token::new("42")?;
/// let mut engine = Engine::new(Framing::Plain);
/// for _ in 0..2 {
///     // A real one is a socket.
///     let written = Vec::new();
///     engine.add(hub.subscribe(&token, now)?, "HTTP/1.1 200 OK\r\n\r\n".into(), written, now);
/// }
/// hub.publish(&token, "ping", b"hi", now)?.wake();
/// hub.close(&token, now)?.wake();
///
/// let mut ended = 0;
/// loop {
///     match engine.poll_output(Waker::noop(), now) {
///         Delivery::Write { socket, bytes } => {
///             socket.extend_from_slice(bytes);
///             let count = bytes.len();
///             engine.handle_written(count, now);
///         }
///         Delivery::End { socket, end } => {
///             assert_eq!(end, StreamEnd::Whole(CloseReason::Finished));
///             assert!(String::from_utf8(socket)?.ends_with("event: ping\ndata: hi\n\n"));
///             ended += 1;
///         }
///         Delivery::Wait { until: _ } => break,
///     }
/// }
/// assert_eq!(ended, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Engine<S> {
    framing: Framing,
    stall_timeout: Option<Duration>,
    streams: Slab<Stream<S>>,
    lanes: Slab<Lane>,
    /// By the address of the channel, which a lane keeps where it is.
    by_cell: HashMap<usize, usize>,
    /// The lanes that wait for their turn.
    queue: VecDeque<usize>,
    wheel: Option<Wheel>,
    inbox: Arc<Inbox>,
    turn: EngineTurn,
    /// Streams that are over, and are taken out between two turns.
    over: Vec<(usize, StreamEnd)>,
    /// Lanes that have news, while they are looked at.
    news: Vec<usize>,
    /// How many entries the lanes have of streams that are behind.
    behind: usize,
}

/// What the driver of an [`Engine`] is to do.
#[derive(Debug)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver that does not know one of these cannot go on"
)]
pub enum Delivery<'a, S> {
    /// Write these bytes to the socket, as many as it takes at once, and then say how many:
    /// [`Engine::handle_written`], or [`Engine::handle_broken`].
    Write {
        /// The socket.
        socket: &'a mut S,
        /// At least one byte, and at most 64 KiB beside the head.
        bytes: &'a [u8],
    },
    /// A stream has ended, and its socket is given back.
    End {
        /// The socket.
        socket: S,
        /// How.
        end: StreamEnd,
    },
    /// Nothing to do before the waker is woken, a socket has news, or `until` comes.
    Wait {
        /// When to poll again.
        until: Option<Instant>,
    },
}

impl<S> Engine<S> {
    /// The most bytes that are written for one channel before others have their turn: 256 KiB.
    pub const MAX_TURN: usize = 16 * Output::MAX_WRITE;

    /// An engine without listeners, whose connections have `framing`.
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            stall_timeout: None,
            streams: Slab::new(),
            lanes: Slab::new(),
            by_cell: HashMap::new(),
            queue: VecDeque::new(),
            wheel: None,
            inbox: Arc::default(),
            turn: EngineTurn::default(),
            over: Vec::new(),
            news: Vec::new(),
            behind: 0,
        }
    }

    /// Sets how long a client may take nothing of what is to be written to it before its stream ends as
    /// [`StreamEnd::Stalled`]; `None` for ever. Default: for ever.
    #[must_use]
    pub fn with_stall_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.stall_timeout = timeout;
        self
    }

    /// How many streams it drives.
    pub fn len(&self) -> usize {
        self.streams.len()
    }

    /// Whether it drives no stream.
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// About how many writes are overdue: one for each channel that waits for its turn, and one for each stream for
    /// which there was more than one write takes. A driver that shares a thread with publishers should give way to
    /// them the less the more there are, or they outrun the listeners.
    pub fn backlog(&self) -> usize {
        self.queue.len() + self.behind
    }

    /// Drives the stream of `subscriber` from now on; `head` is written before everything else, and not framed.
    /// Returns the key of the stream, which is given anew once the stream has ended.
    ///
    /// One that was polled before goes on where it is, which must not be inside an event that is too long for one
    /// write.
    pub fn add(
        &mut self,
        mut subscriber: Subscriber,
        head: Bytes,
        socket: S,
        now: Instant,
    ) -> usize {
        subscriber.begin_to_be_driven();
        self.refine(subscriber.hub.config().channel.keepalive, now);
        let (blocked, effects) = self.open(&subscriber, head, now);
        let (hub, cell) = (subscriber.hub.clone(), subscriber.cell.clone());
        let lane = self.lane_of(&hub, &cell);
        grow_slab(&mut self.streams);
        let (key, entry) = (subscriber.key, self.streams.vacant_entry());
        let stream = entry.key();
        let place = self.lanes[lane].add(stream);
        entry.insert(Stream {
            socket,
            seat: subscriber.into_driven(),
            key,
            lane: lane as u32,
            place,
            due: Due::NEVER,
            wants_deadline: true,
            blocked: Some(Box::new(blocked)),
            has_caught_up: false,
            pushed: Pushed::No,
            is_asked: false,
            is_over: false,
        });
        self.push(stream);
        self.follow(lane, effects);
        stream
    }

    /// The socket of the stream `key`, if there is one.
    pub fn socket_mut(&mut self, key: usize) -> Option<&mut S> {
        self.streams.get_mut(key).map(|stream| &mut stream.socket)
    }

    /// The socket of the stream `key` can be written again. If it was not full, nothing happens.
    pub fn handle_writable(&mut self, key: usize) {
        if self.streams.get(key).is_some_and(|stream| stream.blocked.is_some()) {
            self.push(key);
        }
    }

    /// The client of the stream `key` has left.
    pub fn handle_left(&mut self, key: usize) {
        if self.streams.contains(key) {
            self.end(key, StreamEnd::Left);
        }
    }

    /// What the driver is to do next. `waker` is kept while the answer is [`Delivery::Wait`], and woken once a
    /// channel has news.
    pub fn poll_output(&mut self, waker: &Waker, now: Instant) -> Delivery<'_, S> {
        loop {
            if self.turn.has_write() || self.next_write(now) {
                break;
            }
            self.settle(now);
            if let Some((key, end)) = self.over.pop() {
                return Delivery::End { socket: self.remove(key), end };
            }
            self.find_news();
            self.find_due(now);
            // Behind all that have begun to wait meanwhile.
            self.end_turn();
            let is_idle = self.over.is_empty() && !self.begin_turn(now);
            if is_idle && !self.inbox.wait(waker) {
                let until = self.wheel.as_ref().and_then(Wheel::deadline);
                return Delivery::Wait { until };
            }
        }
        self.write()
    }

    /// What a stream begins with goes out with its head: both wait for its first turn.
    fn open(
        &self,
        subscriber: &Subscriber,
        head: Bytes,
        now: Instant,
    ) -> (Blocked, Option<Effects>) {
        let ((told, ends), effects) = subscriber.cell.tell_all(subscriber.key as usize, now);
        let body = match ends {
            Some(reason) if reason.is_clean() => self.last(told),
            _ => self.framing.frame(told),
        };
        let mut frame = BytesMut::with_capacity(head.len() + body.len());
        frame.extend_from_slice(&head);
        frame.extend_from_slice(&body);
        let unsent = Unsent { frame: frame.freeze(), framing: Framing::Plain, offset: 0 };
        (Blocked { since: now, unsent: Some(unsent), ends }, effects)
    }

    /// The stream is to be looked at.
    fn push(&mut self, stream: usize) {
        let it = &mut self.streams[stream];
        let key = it.lane as usize;
        // Who waits for another turn is looked at anyway, unless its socket has been full since.
        let is_waiting = it.pushed != Pushed::No && it.blocked.is_none();
        if !is_waiting && it.pushed != Pushed::Urgent {
            it.pushed = Pushed::Urgent;
            self.lanes[key].push(stream);
            self.queue(key);
        }
    }

    /// There is more to be written to the stream than one write takes.
    fn push_behind(&mut self, stream: usize) {
        let it = &mut self.streams[stream];
        let key = it.lane as usize;
        if it.pushed == Pushed::No {
            it.pushed = Pushed::Behind;
            self.lanes[key].push_behind(stream);
            self.behind += 1;
            self.queue(key);
        }
    }

    fn queue(&mut self, key: usize) {
        let lane = &mut self.lanes[key];
        if !std::mem::replace(&mut lane.is_queued, true) {
            self.queue.push_back(key);
        }
    }

    /// The stream is over, and taken out once no turn is under way.
    fn end(&mut self, stream: usize, end: StreamEnd) {
        if !std::mem::replace(&mut self.streams[stream].is_over, true) {
            self.over.push((stream, end));
        }
    }

    fn remove(&mut self, stream: usize) -> S {
        let stream = self.streams.remove(stream);
        let (key, place) = (stream.lane as usize, stream.place);
        let lane = &mut self.lanes[key];
        let (socket, subscriber) = stream.into_parts(lane);
        lane.remove(place, |moved, place| self.streams[moved as usize].place = place);
        if !lane.is_queued {
            self.remove_if_empty(key);
        }
        if self.streams.is_empty() {
            self.streams.shrink_to_fit();
        }
        drop(subscriber);
        socket
    }

    /// Removes a lane without streams that does not wait for its turn. Returns whether it had none.
    fn remove_if_empty(&mut self, key: usize) -> bool {
        let lane = &self.lanes[key];
        let is_empty = lane.streams.is_empty();
        if is_empty {
            self.by_cell.remove(&address(&lane.cell));
            self.behind -= lane.behind();
            self.lanes.remove(key);
        }
        is_empty
    }

    /// Takes note of the channels that have news.
    fn find_news(&mut self) {
        let mut news = std::mem::take(&mut self.news);
        self.inbox.take(&mut news);
        for key in news.drain(..) {
            // It may have gone since, or be another one.
            if let Some(lane) = self.lanes.get_mut(key) {
                lane.handle_news();
                self.queue(key);
            }
        }
        self.news = news;
    }

    /// The lane of the channel `cell`.
    fn lane_of(&mut self, hub: &Arc<Hub>, cell: &Arc<Cell>) -> usize {
        let (inbox, lanes) = (&self.inbox, &mut self.lanes);
        *self.by_cell.entry(address(cell)).or_insert_with(|| {
            let entry = lanes.vacant_entry();
            let key = entry.key();
            let mut lane = Lane::new(hub.clone(), cell.clone(), inbox.waker_of(key));
            // From now on it is woken for what is published.
            lane.handle_news();
            entry.insert(lane);
            key
        })
    }
}

/// The listeners leave their channels.
impl<S> Drop for Engine<S> {
    fn drop(&mut self) {
        let Self { streams, lanes, .. } = self;
        // All of them leave, even if one of them panics in the code of users.
        let left: Vec<_> = streams
            .drain()
            .map(|stream| {
                let lane = &lanes[stream.lane as usize];
                stream.into_parts(lane)
            })
            .collect();
        drop(left);
    }
}

fn address(cell: &Arc<Cell>) -> usize {
    std::ptr::from_ref::<Cell>(cell).addr()
}
