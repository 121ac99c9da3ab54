use std::{collections::VecDeque, time::Instant};

use bytes::{Bytes, BytesMut};

use super::{Cursor, Framing, Window, cost::cost};
use crate::wire::Frame;

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
    joined: Option<Joined>,
    /// What was joined before, where readers stand at several places.
    older: Vec<Joined>,
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
            joined: None,
            older: Vec::new(),
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
        (self.joined, self.older) = (None, Vec::new());
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

    /// A reader begins to stand at `cursor`.
    pub(super) fn enter(&mut self, cursor: Cursor) {
        *self.readers_of_event(cursor.event) += 1;
        *self.readers_of_aside(cursor.aside) += 1;
    }

    /// A reader that stood at `cursor` goes.
    pub(super) fn leave(&mut self, cursor: Cursor) {
        let is_last_there = self.leave_event(1, cursor.event) | self.leave_aside(1, cursor.aside);
        if is_last_there {
            self.trim();
        }
    }

    /// Readers go on together from one place to another.
    pub(super) fn advance(&mut self, readers: u32, from: Cursor, to: Cursor) {
        let mut is_last_there = false;
        if from.event != to.event {
            *self.readers_of_event(to.event) += readers;
            is_last_there |= self.leave_event(readers, from.event);
        }
        if from.aside != to.aside {
            *self.readers_of_aside(to.aside) += readers;
            is_last_there |= self.leave_aside(readers, from.aside);
        }
        if is_last_there {
            self.trim();
        }
    }

    /// What one write has of the frames from `from` to `until` in `framing`: at most
    /// [`max_write`](Framing::max_write) bytes. A frame that is longer comes in pieces.
    pub(super) fn span(&self, from: Cursor, until: Cursor, framing: Framing) -> Option<Span> {
        let max = framing.max_write();
        let (first, mut to) = self.next_frame(from, until)?;
        let mut len = framing.len(first.len()) - from.offset;
        if max < len {
            return Some(Span { len: max, to: Cursor { offset: from.offset + max, ..from } });
        }
        while let Some((frame, after)) = self.next_frame(to, until)
            && len + framing.len(frame.len()) <= max
        {
            len += framing.len(frame.len());
            to = after;
        }
        Some(Span { len, to })
    }

    /// The bytes of the write that has what `span` says of the frames at `from`.
    pub(super) fn read(&mut self, from: Cursor, span: Span, framing: Framing) -> Bytes {
        if framing == Framing::Plain
            && from.offset == 0
            && let Some((frame, after)) = self.next_frame(from, self.end())
            && after == span.to
        {
            return frame.clone();
        }
        self.join(from, span, framing)
    }

    /// Appends to `ends` where each frame of that write ends in it. The last one may end behind it.
    pub(super) fn put_ends(
        &self,
        from: Cursor,
        span: Span,
        framing: Framing,
        ends: &mut Vec<FrameEnd>,
    ) {
        let (mut at, mut place) = (0, from);
        while at < span.len
            && let Some((frame, after)) = self.next_frame(place, self.end())
        {
            at += framing.len(frame.len()) - place.offset;
            ends.push(FrameEnd { at, is_event: place.event < after.event });
            place = after;
        }
    }

    /// The next frame at `place`, which is an event or not, unless it was dropped.
    pub(super) fn frame(&self, place: Cursor, is_event: bool) -> Option<&Bytes> {
        if is_event {
            let at = place.event.checked_sub(self.start.event)?;
            return self.events.get(at as usize).map(|entry| entry.frame.as_bytes());
        }
        let at = place.aside.checked_sub(self.start.aside)?;
        self.asides.get(at as usize).map(|aside| &aside.bytes)
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

    /// The place before the first frame that is held and was appended at `time` or later.
    pub(super) fn place_at(&self, time: Instant) -> Cursor {
        let events = self.events.partition_point(|entry| entry.at < time);
        let asides = self.asides.partition_point(|aside| aside.at < time);
        Cursor::new(self.start.event + events as u64, self.start.aside + asides as u64)
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
        self.joined.iter().chain(&self.older).map(|joined| joined.bytes.len()).sum()
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

    /// Readers that stand at the same place ask for the same bytes: they are joined once.
    fn join(&mut self, from: Cursor, span: Span, framing: Framing) -> Bytes {
        let Span { len, to } = span;
        let is_it =
            |joined: &Joined| (joined.from, joined.to, joined.framing) == (from, to, framing);
        if let Some(joined) = self.joined.iter().chain(&self.older).find(|joined| is_it(joined)) {
            return joined.bytes.clone();
        }
        let mut bytes = BytesMut::with_capacity(len);
        let mut cursor = from;
        while bytes.len() < len
            && let Some((frame, after)) = self.next_frame(cursor, self.end())
        {
            let most = cursor.offset + len - bytes.len();
            let part = cursor.offset..framing.len(frame.len()).min(most);
            framing.put(&mut bytes, frame, part);
            cursor = after;
        }
        let bytes = bytes.freeze();
        let joined = Joined { from, to, framing, bytes: bytes.clone() };
        if let Some(older) = self.joined.replace(joined)
            && self.is_wanted(older.from)
        {
            self.older.truncate(MAX_OLDER - 1);
            self.older.insert(0, older);
        }
        bytes
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

    fn readers_of_event(&mut self, seq: u64) -> &mut u32 {
        match self.events.get_mut((seq - self.start.event) as usize) {
            Some(entry) => &mut entry.readers,
            None => &mut self.at_end.events,
        }
    }

    fn readers_of_aside(&mut self, number: u64) -> &mut u32 {
        match self.asides.get_mut((number - self.start.aside) as usize) {
            Some(aside) => &mut aside.readers,
            None => &mut self.at_end.asides,
        }
    }

    /// Readers that stood before event `seq`, or were overtaken there by the start of the log, go.
    /// Returns whether nobody stands there now.
    fn leave_event(&mut self, going: u32, seq: u64) -> bool {
        if seq < self.start.event {
            return true;
        }
        let readers = self.readers_of_event(seq);
        *readers -= going;
        *readers == 0
    }

    fn leave_aside(&mut self, going: u32, number: u64) -> bool {
        if number < self.start.aside {
            return true;
        }
        let readers = self.readers_of_aside(number);
        *readers -= going;
        *readers == 0
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
        if self.joined.as_ref().is_some_and(|joined| !self.is_wanted(joined.from)) {
            self.joined = None;
        }
        if !self.older.is_empty() {
            let mut older = std::mem::take(&mut self.older);
            older.retain(|joined| self.is_wanted(joined.from));
            self.older = older;
        }
        give_room_back(&mut self.events);
        give_room_back(&mut self.asides);
    }

    /// Whether a reader may stand at `place`.
    fn is_wanted(&self, place: Cursor) -> bool {
        if place.is_before(self.start) {
            return false;
        }
        let event = self.events.get((place.event - self.start.event) as usize);
        let aside = self.asides.get((place.aside - self.start.aside) as usize);
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

/// How long a write is, and the place behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) len: usize,
    pub(super) to: Cursor,
}

/// Where a frame ends in a write.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameEnd {
    pub(super) at: usize,
    pub(super) is_event: bool,
}

/// One write, kept for the others that stand where it begins.
#[derive(Debug)]
struct Joined {
    from: Cursor,
    to: Cursor,
    framing: Framing,
    bytes: Bytes,
}

/// Readers seldom stand together at more places than these and one.
const MAX_OLDER: usize = 3;

/// What a burst needed is given back; what the next frames need is kept.
fn give_room_back<T>(frames: &mut VecDeque<T>) {
    let needed = frames.len().max(KEPT_CAPACITY);
    if 4 * needed < frames.capacity() {
        frames.shrink_to(2 * needed);
    }
}

const KEPT_CAPACITY: usize = 4;
