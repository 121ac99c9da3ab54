use std::time::{Duration, Instant};

use super::{Cursor, Keys, Life, life::cost};
use crate::settings::Remembered;

/// One channel, from when it was opened until nobody reads it any more.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) token: usize,
    /// Which of its token's lives.
    pub(crate) life: usize,
    /// The event that comes next, or would have.
    pub(crate) next: u64,
    /// The first event that is remembered; without history, none ever is.
    pub(crate) first: u64,
    pub(crate) retry: Option<(u64, Instant)>,
    pub(crate) keys: Keys,
    /// When it was last of use to anyone.
    pub(crate) used: Instant,
    pub(crate) is_open: bool,
    /// Where its last publication begins.
    pub(crate) newest: Cursor,
    /// When it is looked at again, because something may be over age then.
    pub(crate) due: Option<Instant>,
    /// What it held when that was last looked for: bytes of three kinds, listeners, and whether it was open.
    pub(crate) told: ([usize; 4], bool),
    /// The write that is kept for others, in each framing.
    pub(crate) joined: [Option<Joined>; 2],
    asides: Vec<Aside>,
}

/// A write that is kept for others.
#[derive(Clone, Debug)]
pub(crate) struct Joined {
    /// Where it begins and ends, and how much of a frame that is begun there was written.
    pub(crate) from: (Cursor, usize),
    pub(crate) to: (Cursor, usize),
    /// The places between its frames.
    pub(crate) between: Vec<Cursor>,
    pub(crate) len: usize,
    /// Whether the next frame did not fit in.
    pub(crate) is_full: bool,
}

#[derive(Clone, Debug)]
struct Aside {
    /// The event that it was said before.
    before: u64,
    frame: String,
    at: Instant,
    /// What it costs together with all before it.
    sum: usize,
}

impl Channel {
    pub(crate) fn new(token: usize, life: usize, next: u64, now: Instant) -> Self {
        Self {
            token,
            life,
            next,
            first: next,
            retry: None,
            keys: Keys::default(),
            used: now,
            is_open: true,
            newest: Cursor { event: next, aside: 0 },
            due: None,
            told: ([0; 4], false),
            joined: [None, None],
            asides: Vec::new(),
        }
    }

    /// The place behind its last frames.
    pub(crate) fn behind(&self) -> Cursor {
        Cursor { event: self.next, aside: self.asides.len() }
    }

    /// The place where its log begins when it holds nothing but what is remembered.
    pub(crate) fn remembered(&self) -> Cursor {
        Cursor { event: self.first, aside: self.asides.len() }
    }

    pub(crate) fn push_aside(&mut self, frame: String, at: Instant) {
        let sum = self.asides.last().map_or(0, |aside| aside.sum) + cost(frame.len());
        self.asides.push(Aside { before: self.next, frame, at, sum });
    }

    /// How long all writes are together that are kept for others.
    pub(crate) fn joined_len(&self) -> usize {
        self.joined.iter().flatten().map(|joined| joined.len).sum()
    }

    /// When an aside was said, if there is one of this number.
    pub(crate) fn aside_at(&self, number: usize) -> Option<Instant> {
        self.asides.get(number).map(|aside| aside.at)
    }

    /// What is held from `floor` on and not remembered.
    pub(crate) fn unread(&self, life: &Life, floor: Cursor) -> usize {
        let read = floor.aside.checked_sub(1).map_or(0, |last| self.asides[last].sum);
        let asides = self.asides.last().map_or(0, |aside| aside.sum - read);
        life.cost(floor.event, self.first.min(self.next)) + asides
    }

    /// What is remembered of its events.
    pub(crate) fn window(&self, life: &Life) -> usize {
        life.cost(self.first, self.next)
    }

    /// The next frame for a reader at `at` that is to read up to `until`, and the place behind it.
    pub(crate) fn frame<'a>(
        &'a self,
        life: &'a Life,
        at: Cursor,
        until: Cursor,
    ) -> Option<(&'a str, Cursor)> {
        let aside = self.asides.get(at.aside).filter(|_| at.aside < until.aside);
        if let Some(aside) = aside.filter(|aside| aside.before <= at.event) {
            return Some((&aside.frame, Cursor { aside: at.aside + 1, ..at }));
        }
        let next = Cursor { event: at.event + 1, ..at };
        (at.event < until.event).then(|| (life.event(at.event).frame.as_str(), next))
    }

    /// Where the log begins once so much was dropped that `target` is left, nothing from `new` on.
    pub(crate) fn drop_oldest(
        &self,
        life: &Life,
        mut start: Cursor,
        new: Cursor,
        target: usize,
    ) -> Cursor {
        while target < self.unread(life, start) {
            let aside = self.asides.get(start.aside);
            let is_aside =
                aside.is_some_and(|aside| aside.before <= start.event || self.first <= start.event);
            match is_aside {
                true if start.aside < new.aside => start.aside += 1,
                false if start.event < new.event => start.event += 1,
                _ => break,
            }
        }
        start
    }

    /// Lets go of the events that are beyond the bounds, or over age at `now`.
    pub(crate) fn slide(&mut self, life: &Life, history: &Remembered, now: Instant) {
        while self.first < self.next {
            let is_beyond = (history.max_events as u64) < self.next - self.first
                || history.max_bytes < self.window(life);
            if !is_beyond && !is_over(life.event(self.first).at, history.max_age, now) {
                return;
            }
            self.first += 1;
        }
    }

    /// Whether nothing is over age at `now`.
    pub(crate) fn is_young(&self, life: &Life, history: &Remembered, now: Instant) -> bool {
        let event = (self.first < self.next).then(|| life.event(self.first).at);
        let mut dated = event.into_iter().chain(self.retry.map(|(_, at)| at));
        let oldest_key = self.keys.oldest();
        dated.all(|at| !is_over(at, history.max_age, now))
            && oldest_key.is_none_or(|at| now < at + history.key_window)
    }

    /// Lets go of what is over age at `now`.
    pub(crate) fn expire(&mut self, life: &Life, history: &Remembered, now: Instant) {
        self.slide(life, history, now);
        self.keys.expire(history.key_window, now);
        self.retry = self.retry.filter(|&(_, at)| !is_over(at, history.max_age, now));
    }

    /// Lets go of the older half of what it remembers: of the events while there are any, or of the
    /// keys. Returns whether there was anything.
    pub(crate) fn halve(&mut self, life: &Life) -> bool {
        let window = self.window(life);
        while window / 2 < self.window(life) {
            self.first += 1;
        }
        0 < window || self.keys.halve()
    }

    /// What it remembers, in bytes.
    pub(crate) fn history(&self, life: &Life) -> usize {
        self.window(life) + self.keys.cost()
    }

    /// Sees that an instant is noted when it is looked at again: when all that it remembers now is over age.
    pub(crate) fn note_due(&mut self, life: &Life, history: &Remembered) {
        if self.is_open && self.due.is_none() {
            self.due = self.deadline(life, history);
        }
    }

    fn deadline(&self, life: &Life, history: &Remembered) -> Option<Instant> {
        let newest = (self.first < self.next).then(|| life.event(self.next - 1).at);
        let young = newest.max(self.retry.map(|(_, at)| at));
        let keys = self.keys.youngest().map(|at| at + history.key_window);
        match (young, history.max_age) {
            (Some(_), None) => None,
            (Some(young), Some(age)) => keys.max(Some(young + age)),
            (None, _) => keys,
        }
    }

    /// It is over, and nobody comes back to what it remembers.
    pub(crate) fn close(&mut self) {
        self.is_open = false;
        self.first = self.next;
        self.keys = Keys::default();
        self.retry = None;
    }

    pub(crate) fn is_remembering(&self) -> bool {
        self.first < self.next || self.retry.is_some() || !self.keys.is_empty()
    }
}

/// Whether what came `at` is over age at `now`.
pub(crate) fn is_over(at: Instant, max_age: Option<Duration>, now: Instant) -> bool {
    max_age.is_some_and(|max_age| max_age <= now - at)
}
