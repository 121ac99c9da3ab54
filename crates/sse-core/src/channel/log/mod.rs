mod readers;
mod segment;
mod write;

pub(super) use segment::Segment;

use std::{collections::VecDeque, sync::Arc, time::Instant};

use bytes::Bytes;

use super::{Cursor, Framing, Window, cost::cost};
use crate::{
    history::{Epochs, Position},
    wire::Frame,
};

/// The frames of one channel that a listener still has to read, or may come back for, each held once
/// for all.
///
/// Events are numbered from 1. What else is said, like a new reconnection time, is an aside: it has
/// a place among the events, and goes once everyone who listens has read it.
///
/// The log counts at each place how many readers stand there, and so lets a frame go with its last
/// reader. It does not know who they are.
#[derive(Debug)]
pub(super) struct Log {
    events: VecDeque<Entry>,
    asides: VecDeque<Aside>,
    start: Cursor,
    /// How many readers stand behind the last event, and behind the last aside.
    at_end: Readers,
    window: Option<Window>,
    cost: usize,
    /// What was joined last, of each framing.
    joined: [Option<Arc<Segment>>; 2],
}

impl Log {
    /// An empty log whose next event has the number `next`, and that remembers what `window` says.
    pub(super) fn new(next: u64, window: Option<Window>) -> Self {
        Self {
            events: VecDeque::new(),
            asides: VecDeque::new(),
            start: Cursor::new(next, 0),
            at_end: Readers::default(),
            window,
            cost: 0,
            joined: [None, None],
        }
    }

    /// Appends an event. Once all that belongs together is appended, [`Self::settle`] is to be called.
    pub(super) fn append(&mut self, frame: Frame, now: Instant) {
        let cost = cost(frame.as_bytes());
        self.cost += cost;
        if let Some(window) = &mut self.window {
            window.add(cost);
        }
        let readers = std::mem::take(&mut self.at_end.events);
        self.events.push_back(Entry { frame, at: now, readers });
    }

    /// Appends what is no event.
    pub(super) fn append_aside(&mut self, bytes: Bytes, now: Instant) {
        self.cost += cost(&bytes);
        let readers = std::mem::take(&mut self.at_end.asides);
        self.asides.push_back(Aside { before: self.end().event, bytes, at: now, readers });
    }

    /// Lets go of what is remembered beyond the bounds or over age at `now`.
    pub(super) fn settle(&mut self, now: Instant) {
        let Some(window) = &mut self.window else {
            return;
        };
        let (start, events) = (self.start.event, &self.events);
        let entry = |seq: u64| &events[(seq - start) as usize];
        window.slide(start + events.len() as u64, now, |seq| {
            (entry(seq).at, cost(entry(seq).frame.as_bytes()))
        });
        self.trim();
    }

    /// Lets go of the older half of what is remembered.
    pub(super) fn shrink(&mut self) {
        if let Some(window) = &mut self.window {
            let (start, events) = (self.start.event, &self.events);
            window.halve(|seq| cost(events[(seq - start) as usize].frame.as_bytes()));
        }
        self.trim();
    }

    /// Remembers nothing more.
    pub(super) fn forget(&mut self) {
        let next = self.end().event;
        if let Some(window) = &mut self.window {
            window.clear(next);
        }
        self.trim();
    }

    /// Drops the oldest frames that are only there to be read, a sixteenth of `max_bytes` at a time once
    /// they cost more than that; nothing from `new` on. Returns whether a reader stood there.
    pub(super) fn evict(&mut self, max_bytes: usize, new: Cursor) -> bool {
        if self.unread_cost() <= max_bytes {
            return false;
        }
        let target = max_bytes - max_bytes / 16;
        let mut has_readers = false;
        while target < self.unread_cost() {
            let is_aside = self.asides.front().is_some_and(|aside| {
                aside.before <= self.start.event || self.remembered_from() <= self.start.event
            });
            let readers = if is_aside && self.start.aside < new.aside {
                self.drop_aside()
            } else if !is_aside && self.start.event < new.event {
                self.drop_event()
            } else {
                break;
            };
            has_readers |= 0 < readers;
        }
        has_readers
    }

    /// Lets go of the bytes that were joined for one write.
    pub(super) fn forget_joined(&mut self) {
        self.joined = [None, None];
    }

    /// Drops all that is only there to be read, joined bytes too. Returns whether a reader stood there.
    pub(super) fn evict_all(&mut self) -> bool {
        let mut has_readers = false;
        while self.start.event < self.remembered_from().min(self.end().event) {
            has_readers |= 0 < self.drop_event();
        }
        while !self.asides.is_empty() {
            has_readers |= 0 < self.drop_aside();
        }
        self.forget_joined();
        has_readers
    }

    /// Drops all events: the next one has the number `next`, and those before it are read elsewhere.
    pub(super) fn jump(&mut self, next: u64) {
        while !self.events.is_empty() {
            self.drop_event();
        }
        self.start.event = next;
        self.at_end.events = 0;
        if let Some(window) = &mut self.window {
            window.clear(next);
        }
        self.trim();
    }

    /// The place before the oldest frames that are held.
    pub(super) fn start(&self) -> Cursor {
        self.start
    }

    /// The place behind the last frames.
    pub(super) fn end(&self) -> Cursor {
        let event = self.start.event + self.events.len() as u64;
        Cursor::new(event, self.start.aside + self.asides.len() as u64)
    }

    /// When the event behind `cursor` was published, if it is held.
    pub(super) fn published(&self, cursor: Cursor) -> Option<Instant> {
        let at = cursor.event.checked_sub(self.start.event)?;
        self.events.get(at as usize).map(|entry| entry.at)
    }

    /// The place before the first frame that is held and was appended at `time` or later.
    pub(super) fn place_at(&self, time: Instant) -> Cursor {
        let events = self.events.partition_point(|entry| entry.at < time);
        let asides = self.asides.partition_point(|aside| aside.at < time);
        Cursor::new(self.start.event + events as u64, self.start.aside + asides as u64)
    }

    /// How many events are held that one of at least `readers` readers still has to read.
    pub(super) fn lag(&self, readers: usize) -> u64 {
        if readers <= self.at_end.events as usize {
            return 0;
        }
        let first = self.events.iter().position(|entry| 0 < entry.readers);
        first.map_or(0, |first| (self.events.len() - first) as u64)
    }

    /// The newest of the events that are remembered, with their numbers and when they came: as many as cost
    /// `max_cost` together, if each costs `overhead` beside its bytes.
    pub(super) fn remembered(
        &self,
        max_cost: usize,
        overhead: usize,
    ) -> impl Iterator<Item = (u64, &Frame, Instant)> {
        let kept = (self.end().event - self.remembered_from().min(self.end().event)) as usize;
        let costs = self.events.iter().rev().take(kept).scan(0, |sum, entry| {
            *sum += entry.frame.as_bytes().len() + overhead;
            Some(*sum)
        });
        let newest = costs.take_while(|&sum| sum <= max_cost).count();
        let numbered = (self.start.event..).zip(&self.events).skip(self.events.len() - newest);
        numbered.map(|(number, entry)| (number, &entry.frame, entry.at))
    }

    /// From `position` on, events belong to its epoch.
    pub(super) fn begin_epoch(&mut self, position: Position) {
        if let Some(window) = &mut self.window {
            window.begin_epoch(position);
        }
    }

    pub(super) fn set_epochs(&mut self, epochs: Epochs) {
        if let Some(window) = &mut self.window {
            window.set_epochs(epochs);
        }
    }

    /// Before the event `first` the epochs are what `epochs` say.
    pub(super) fn put_epochs_before(&mut self, first: u64, epochs: Epochs) {
        if let Some(window) = &mut self.window {
            window.put_epochs_before(first, epochs);
        }
    }

    pub(super) fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }

    /// When the youngest event came.
    pub(super) fn youngest(&self) -> Option<Instant> {
        self.events.back().map(|entry| entry.at)
    }

    /// What is remembered, in bytes.
    pub(super) fn history_cost(&self) -> usize {
        self.window.as_ref().map_or(0, Window::cost)
    }

    /// What is held only because a listener still has to read it, in bytes.
    pub(super) fn unread_cost(&self) -> usize {
        self.cost - self.history_cost()
    }

    /// The bytes of frames that were joined for one write, and are kept for others that stand there.
    pub(super) fn joined_len(&self) -> usize {
        self.joined.iter().flatten().map(|joined| joined.bytes.len()).sum()
    }

    /// What the frames that are held cost, added up one by one.
    pub(super) fn recount(&self) -> usize {
        let events = self.events.iter().map(|entry| cost(entry.frame.as_bytes()));
        events.chain(self.asides.iter().map(|aside| cost(&aside.bytes))).sum()
    }

    /// What is remembered, added up event by event.
    pub(super) fn recount_history(&self) -> usize {
        let kept = self.remembered_from().saturating_sub(self.start.event) as usize;
        self.events.iter().skip(kept).map(|entry| cost(entry.frame.as_bytes())).sum()
    }

    fn next_frame(&self, cursor: Cursor, until: Cursor) -> Option<(&Bytes, Cursor)> {
        if cursor.aside < until.aside {
            let aside = self.asides.get((cursor.aside - self.start.aside) as usize)?;
            if aside.before <= cursor.event {
                return Some((&aside.bytes, Cursor::new(cursor.event, cursor.aside + 1)));
            }
        }
        if until.event <= cursor.event {
            return None;
        }
        let entry = self.events.get((cursor.event - self.start.event) as usize)?;
        Some((entry.frame.as_bytes(), Cursor::new(cursor.event + 1, cursor.aside)))
    }

    fn remembered_from(&self) -> u64 {
        self.window.as_ref().map_or(u64::MAX, Window::first)
    }

    /// Drops the oldest frames as far as nobody stands there and nothing is remembered.
    fn trim(&mut self) {
        let remembered = self.remembered_from();
        while self.start.event < remembered
            && self.events.front().is_some_and(|entry| entry.readers == 0)
        {
            self.drop_event();
        }
        while self.asides.front().is_some_and(|aside| aside.readers == 0) {
            self.drop_aside();
        }
        for framing in 0..self.joined.len() {
            let joined = self.joined[framing].as_ref();
            if joined.is_some_and(|joined| !self.is_wanted(joined)) {
                self.joined[framing] = None;
            }
        }
        give_room_back(&mut self.events);
        give_room_back(&mut self.asides);
    }

    /// Whether a reader may have use for `segment`.
    fn is_wanted(&self, segment: &Segment) -> bool {
        let Segment { from, to, framing, .. } = segment;
        if *framing == Framing::Chunked {
            let end = to.event + u64::from(to.offset != 0);
            let first = |from: u64, start: u64| from.saturating_sub(start) as usize;
            let len = |from: u64, to: u64, start: u64| to.saturating_sub(from.max(start)) as usize;
            let (event, aside) = (self.start.event, self.start.aside);
            let mut events = self.events.iter().skip(first(from.event, event));
            let mut asides = self.asides.iter().skip(first(from.aside, aside));
            return events.by_ref().take(len(from.event, end, event)).any(|it| 0 < it.readers)
                || asides.by_ref().take(len(from.aside, to.aside, aside)).any(|it| 0 < it.readers);
        }
        if from.is_before(self.start) {
            return false;
        }
        let event = self.events.get((from.event - self.start.event) as usize);
        let aside = self.asides.get((from.aside - self.start.aside) as usize);
        0 < event.map_or(self.at_end.events, |entry| entry.readers)
            && 0 < aside.map_or(self.at_end.asides, |aside| aside.readers)
    }

    fn drop_event(&mut self) -> u32 {
        let Some(entry) = self.events.pop_front() else { return 0 };
        self.start.event += 1;
        self.cost -= cost(entry.frame.as_bytes());
        entry.readers
    }

    fn drop_aside(&mut self) -> u32 {
        let Some(aside) = self.asides.pop_front() else { return 0 };
        self.start.aside += 1;
        self.cost -= cost(&aside.bytes);
        aside.readers
    }
}

#[derive(Debug)]
struct Entry {
    frame: Frame,
    at: Instant,
    readers: u32,
}

#[derive(Debug)]
struct Aside {
    /// The event that it was said before.
    before: u64,
    bytes: Bytes,
    at: Instant,
    readers: u32,
}

#[derive(Debug, Default)]
struct Readers {
    events: u32,
    asides: u32,
}

/// What a burst needed is given back; what the next frames need is kept.
fn give_room_back<T>(frames: &mut VecDeque<T>) {
    let needed = frames.len().max(KEPT_CAPACITY);
    if 4 * needed < frames.capacity() {
        frames.shrink_to(2 * needed);
    }
}

const KEPT_CAPACITY: usize = 4;
