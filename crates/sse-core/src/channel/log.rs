use std::{collections::VecDeque, time::Instant};

use bytes::{Bytes, BytesMut};

use super::{CloseReason, Cursor, window::Window};
use crate::{Epoch, History, Position, Resume, Start, history::decide};

/// The frames of one channel that someone still has to read, or may come for, each held once for
/// all.
///
/// Events are numbered from 1. What else is said, like a new reconnection time, stands aside: it has
/// a place among the events, and is forgotten once everyone who listens has read it.
///
/// A log knows no subscriber: each [`Subscription`](crate::Subscription) keeps its own cursor, and
/// whoever knows the lowest one trims what all have read. A subscriber that falls out because the
/// log is full finds out by its cursor.
///
/// ```
/// # use std::time::Instant;
/// use sse_core::{Log, LogConfig};
///
/// # let now = Instant::now();
/// let mut log = Log::new(LogConfig::default());
/// assert_eq!(log.append("data: 1\n\n".into(), now), 1);
/// assert_eq!(log.end().event(), 2);
///
/// log.trim(log.end());
/// assert_eq!((log.start().event(), log.cost()), (2, 0));
/// ```
#[derive(Debug)]
pub struct Log {
    config: LogConfig,
    window: Option<Window>,
    events: VecDeque<Entry>,
    asides: VecDeque<Aside>,
    start: Cursor,
    cost: usize,
    end: Option<CloseReason>,
    joined: Option<Joined>,
}

impl Log {
    /// An empty log that holds what is still to be read.
    pub fn new(config: LogConfig) -> Self {
        Self {
            config,
            window: None,
            events: VecDeque::new(),
            asides: VecDeque::new(),
            start: Cursor { event: 1, aside: 0 },
            cost: 0,
            end: None,
            joined: None,
        }
    }

    /// An empty log that also remembers what `history` says, in a life called `epoch`.
    pub fn with_history(config: LogConfig, history: &History, epoch: Epoch) -> Self {
        Self { window: Some(Window::new(history, epoch)), ..Self::new(config) }
    }

    /// Begins another epoch with the next event: what was said under the last one may have been
    /// continued elsewhere.
    pub fn begin_epoch(&mut self, epoch: Epoch) {
        let next = self.end().event;
        if let Some(window) = &mut self.window {
            window.begin_epoch(next, epoch);
        }
    }

    /// Appends the frame of an event and returns its sequence number.
    ///
    /// A full log drops its oldest frames, a sixteenth of its bound at a time, so that looking for
    /// the subscribers that fell out is rare. The newest frame is always kept.
    pub fn append(&mut self, frame: Bytes, now: Instant) -> u64 {
        let seq = self.end().event;
        let cost = cost(&frame);
        self.events.push_back(Entry { frame, at: now });
        self.cost += cost;
        self.slide(cost, now);
        self.evict();
        seq
    }

    /// Appends a frame that is no event.
    pub fn append_aside(&mut self, frame: Bytes) {
        self.cost += cost(&frame);
        self.asides.push_back(Aside { before: self.end().event, frame });
        self.evict();
    }

    /// Drops what stands before `cursor`: every subscriber has read it. What is remembered stays.
    pub fn trim(&mut self, cursor: Cursor) {
        let event = cursor.event.min(self.remembered_from());
        while self.start.event < event && self.drop_event() {}
        while self.start.aside < cursor.aside && self.drop_aside() {}
        if self.events.is_empty() {
            // What a burst needed is given back; what the next single frame needs is kept.
            self.events.shrink_to(KEPT_CAPACITY);
        }
    }

    /// Forgets the events that are over age at `now`, but for the youngest of them, which proves to
    /// a client that it has missed nothing. They are dropped by the next [`Self::trim`].
    pub fn expire(&mut self, now: Instant) {
        self.slide(0, now);
    }

    /// Ends the log: who has read everything is closed for `reason`, and nobody comes back to what
    /// was remembered. The first reason stands.
    pub fn finish(&mut self, reason: CloseReason) {
        self.end.get_or_insert(reason);
        let next = self.end().event;
        if let Some(window) = &mut self.window {
            window.set((next, 0));
        }
    }

    /// The place before the oldest frames still held.
    pub fn start(&self) -> Cursor {
        self.start
    }

    /// The place after the last frames.
    pub fn end(&self) -> Cursor {
        Cursor {
            event: self.start.event + self.events.len() as u64,
            aside: self.start.aside + self.asides.len() as u64,
        }
    }

    /// The bytes held, bookkeeping included: many tiny frames are not free.
    pub fn cost(&self) -> usize {
        self.cost
    }

    /// Those of them that are remembered, whether or not someone has still to read them.
    pub fn history_cost(&self) -> usize {
        self.window.as_ref().map_or(0, Window::cost)
    }

    /// The position of event `seq`, if the log remembers events.
    pub fn position(&self, seq: u64) -> Option<Position> {
        Some(self.window.as_ref()?.position(seq))
    }

    /// Where a listener begins that asks for `start`, if the log remembers events.
    pub fn resume(&self, start: &Start) -> Option<Resume> {
        let kept = self.window.as_ref()?.kept(self.start.event, self.end().event - 1);
        Some(decide(start, kept))
    }

    /// How much more would be remembered with `frames` appended.
    pub(crate) fn history_growth(&self, frames: &[Bytes]) -> usize {
        let Some(window) = &self.window else {
            return 0;
        };
        let end = self.end().event;
        let added = frames.iter().map(cost).sum();
        let cost_of = |seq: u64| match seq.checked_sub(end) {
            Some(new) => cost(&frames[new as usize]),
            None => self.entry(seq).1,
        };
        let (_, then) = window.fit(end + frames.len() as u64, added, cost_of);
        then.saturating_sub(window.cost())
    }

    /// When the last of the remembered events will be over age; `None` if there is none, or never.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.events.back()?.at.checked_add(self.window.as_ref()?.max_age()?)
    }

    /// Whether an event is remembered that is not over age at `now`.
    pub(crate) fn is_remembering(&self, now: Option<Instant>) -> bool {
        if self.window.is_none() || self.events.is_empty() {
            return false;
        }
        self.deadline().zip(now).is_none_or(|(deadline, now)| now < deadline)
    }

    pub(super) fn reason(&self) -> Option<CloseReason> {
        self.end
    }

    /// The frames from `cursor` on as one write of up to 16 KiB, and the place after them; nothing
    /// of what comes after `until`.
    pub(super) fn read(&mut self, cursor: Cursor, until: Cursor) -> Option<(Bytes, Cursor)> {
        let (first, mut end) = self.next_frame(cursor, until)?;
        let mut len = first.len();
        let mut count = 1;
        while let Some((frame, after)) = self.next_frame(end, until)
            && len + frame.len() <= MAX_WRITE
        {
            len += frame.len();
            (end, count) = (after, count + 1);
        }
        if count == 1 {
            return Some((first.clone(), end));
        }
        // Subscribers in step ask for the same bytes: they are joined once.
        let joined = match &self.joined {
            Some(joined) if joined.from == cursor && joined.end == end => joined.bytes.clone(),
            _ => self.join(cursor, end, len),
        };
        Some((joined, end))
    }

    fn join(&mut self, from: Cursor, end: Cursor, len: usize) -> Bytes {
        let mut bytes = BytesMut::with_capacity(len);
        let mut cursor = from;
        while let Some((frame, after)) = self.next_frame(cursor, end) {
            bytes.extend_from_slice(frame);
            cursor = after;
        }
        let bytes = bytes.freeze();
        self.joined = Some(Joined { from, end, bytes: bytes.clone() });
        bytes
    }

    fn next_frame(&self, cursor: Cursor, until: Cursor) -> Option<(&Bytes, Cursor)> {
        if cursor.aside < until.aside {
            let aside = self.asides.get((cursor.aside - self.start.aside) as usize)?;
            if aside.before <= cursor.event {
                return Some((&aside.frame, Cursor { aside: cursor.aside + 1, ..cursor }));
            }
        }
        if until.event <= cursor.event {
            return None;
        }
        let entry = self.events.get((cursor.event - self.start.event) as usize)?;
        Some((&entry.frame, Cursor { event: cursor.event + 1, ..cursor }))
    }

    /// Lets the window end with the last event, of which the last took `added`.
    fn slide(&mut self, added: usize, now: Instant) {
        let Some(mut window) = self.window.take() else {
            return;
        };
        let next = self.end().event;
        window.set(window.fit(next, added, |seq| self.entry(seq).1));
        window.expire(next, now, |seq| self.entry(seq));
        self.window = Some(window);
    }

    /// Drops the oldest frames that are only there to be read, once they are too much.
    fn evict(&mut self) {
        if self.lag_cost() <= self.config.max_bytes {
            return;
        }
        let target = self.config.max_bytes - self.config.max_bytes / 16;
        while target < self.lag_cost() && 1 < self.events.len() + self.asides.len() {
            let is_aside = self.asides.front().is_some_and(|aside| {
                aside.before <= self.start.event || self.remembered_from() <= self.start.event
            });
            let dropped = if is_aside { self.drop_aside() } else { self.drop_event() };
            debug_assert!(dropped, "what costs is there");
        }
    }

    /// What is held only because someone has still to read it.
    pub(crate) fn lag_cost(&self) -> usize {
        self.cost - self.history_cost()
    }

    fn remembered_from(&self) -> u64 {
        self.window.as_ref().map_or(u64::MAX, Window::from)
    }

    fn entry(&self, seq: u64) -> (Instant, usize) {
        let entry = &self.events[(seq - self.start.event) as usize];
        (entry.at, cost(&entry.frame))
    }

    fn drop_event(&mut self) -> bool {
        let dropped = self.events.pop_front();
        self.start.event += u64::from(dropped.is_some());
        self.forget_frame(dropped.map(|entry| entry.frame))
    }

    fn drop_aside(&mut self) -> bool {
        let dropped = self.asides.pop_front();
        self.start.aside += u64::from(dropped.is_some());
        self.forget_frame(dropped.map(|aside| aside.frame))
    }

    fn forget_frame(&mut self, frame: Option<Bytes>) -> bool {
        let Some(frame) = frame else {
            return false;
        };
        self.cost -= cost(&frame);
        if self.joined.as_ref().is_some_and(|joined| joined.from.is_before(self.start)) {
            self.joined = None;
        }
        true
    }
}

/// How much a [`Log`] may hold.
///
/// ```
/// use sse_core::LogConfig;
///
/// let config = LogConfig::default().with_max_bytes(1 << 20);
/// ```
#[derive(Clone, Debug)]
pub struct LogConfig {
    max_bytes: usize,
}

impl LogConfig {
    /// Sets how many bytes a log holds, beside what it remembers, before its oldest frames are
    /// dropped. Default: 16 MiB.
    ///
    /// This is how far a listener may fall behind, and what one that stopped reading costs.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { max_bytes: 16 << 20 }
    }
}

#[derive(Debug)]
struct Entry {
    frame: Bytes,
    at: Instant,
}

#[derive(Debug)]
struct Aside {
    /// The event that it was said before.
    before: u64,
    frame: Bytes,
}

/// Frames joined for one subscriber, kept for the others.
#[derive(Debug)]
struct Joined {
    from: Cursor,
    end: Cursor,
    bytes: Bytes,
}

fn cost(frame: &Bytes) -> usize {
    frame.len() + FRAME_OVERHEAD
}

/// What a frame costs beside its bytes: a place in the queue and two allocations.
const FRAME_OVERHEAD: usize = 96;

/// One write to a socket costs 5 to 6 µs whatever its size up to about here.
pub(crate) const MAX_WRITE: usize = 16 << 10;

const KEPT_CAPACITY: usize = 4;
