use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{
    listeners::Listeners,
    memory::Memory,
    posting::{Appended, Posting},
};
use crate::{Epoch, History, Log, LogConfig};

/// What the lock of a channel guards.
#[derive(Debug)]
pub(super) struct State {
    pub(super) log: Log,
    pub(super) listeners: Listeners,
    pub(super) status: Status,
    /// None without history.
    pub(super) memory: Option<Memory>,
    /// The reconnection time that was last asked for, in a channel without memory.
    retry: Option<Duration>,
    /// Whether an instant is noted at which the channel will be looked at.
    pub(super) is_scheduled: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Status {
    /// Nobody has listened or published yet.
    New,
    Open,
    /// Until then, its token is kept.
    Closed {
        until: Option<Instant>,
    },
}

impl State {
    pub(super) fn new(log: LogConfig, history: Option<(&History, Epoch)>, now: Instant) -> Self {
        Self {
            log: match history {
                Some((history, epoch)) => Log::with_history(log, history, epoch),
                None => Log::new(log),
            },
            listeners: Listeners::default(),
            status: Status::New,
            memory: history.map(|(history, _)| Memory::new(history, now)),
            retry: None,
            is_scheduled: false,
        }
    }

    /// The reconnection time that was last asked for.
    pub(super) fn retry(&self) -> Option<Duration> {
        self.memory.as_ref().map_or(self.retry, Memory::retry)
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.status, Status::New | Status::Open)
    }

    /// Whether it is closed and its token is kept all the same.
    pub(super) fn is_ended(&self, now: Instant) -> bool {
        matches!(self.status, Status::Closed { until: Some(until) } if now < until)
    }

    /// How many listen; nobody does once it is closed.
    pub(super) fn connected(&self) -> usize {
        if self.is_open() { self.listeners.connected() } else { 0 }
    }

    pub(super) fn history_cost(&self) -> usize {
        self.log.history_cost() + self.memory.as_ref().map_or(0, Memory::cost)
    }

    /// Whether it is open for nobody and, at `now` if that is given, for nothing.
    pub(super) fn is_deserted(&self, now: Option<Instant>) -> bool {
        let is_needed = |memory: &Memory| memory.is_needed(&self.log, now);
        self.is_open() && self.connected() == 0 && !self.memory.as_ref().is_some_and(is_needed)
    }

    pub(super) fn expire(&mut self, now: Instant) {
        self.log.expire(now);
        if let Some(memory) = &mut self.memory {
            memory.expire(now);
        }
        self.drop_read();
    }

    /// What became of a publication with the same key.
    pub(super) fn find_duplicate(&self, posting: &Posting<'_>) -> Option<Appended> {
        let event = self.memory.as_ref()?.find(posting.key?)?;
        let id = event.and_then(|seq| self.log.position(seq)).map(Into::into);
        Some(Appended { id, is_duplicate: true, ..Appended::default() })
    }

    /// How much more would be remembered.
    pub(super) fn growth(&self, posting: &Posting<'_>, frames: &[Bytes]) -> usize {
        let Some(memory) = &self.memory else {
            return 0;
        };
        let key = posting.key.map_or(0, |key| memory.growth(key));
        key + if posting.retry().is_none() { self.log.history_growth(frames) } else { 0 }
    }

    pub(super) fn append(&mut self, posting: &Posting<'_>, frames: Vec<Bytes>, now: Instant) {
        let mut last = None;
        for frame in frames {
            match posting.retry() {
                Some(_) => self.log.append_aside(frame),
                None => last = Some(self.log.append(frame, now)),
            }
        }
        self.listeners.fall_behind();
        match &mut self.memory {
            Some(memory) => memory.remember(posting.retry(), posting.key, last, now),
            None => self.retry = posting.retry().or(self.retry),
        }
    }

    /// Drops the frames that no listener has still to read.
    pub(super) fn drop_read(&mut self) {
        let cost = self.log.lag_cost();
        if let Some(lowest) = self.listeners.lowest_cursor(self.log.end(), cost) {
            self.log.trim(lowest);
        }
    }

    /// When the channel has to be looked at that was looked at just now: what is over age and still
    /// there is looked at once the last listener has left.
    pub(super) fn schedule_after(&mut self, now: Instant) -> Option<Instant> {
        let due = self.schedule().filter(|&due| now < due);
        self.is_scheduled = due.is_some();
        due
    }

    /// When the channel has to be looked at, unless that is noted already.
    pub(super) fn schedule(&mut self) -> Option<Instant> {
        if self.is_scheduled {
            return None;
        }
        let at = self.memory.as_ref()?.deadline(&self.log)?;
        self.is_scheduled = true;
        Some(at)
    }
}
