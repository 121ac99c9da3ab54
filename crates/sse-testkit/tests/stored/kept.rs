use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use sse_core::{
    history::{Epoch, Position},
    store::{Append, Entry, Facts, Page, Refused},
};

/// What the store keeps of a channel: the truth.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    life: Option<Life>,
    /// Until when it takes nothing.
    closed: Option<Instant>,
    /// How often a life has ended or has lost its newest events.
    pub(crate) breaks: u64,
}

/// A life of a channel.
#[derive(Debug)]
struct Life {
    top: Position,
    entries: VecDeque<(Entry, Instant)>,
    epochs: Vec<(u64, Epoch)>,
    /// The next event begins a new epoch.
    is_torn: bool,
    retry: Option<Duration>,
    keys: HashMap<String, (u64, Option<Position>)>,
}

/// What came of something that was to be stored.
#[derive(Debug)]
pub(crate) enum Came {
    /// These events are new.
    New(Vec<Entry>),
    /// It was stored before under its key, the last event at this position.
    Again(Option<Position>),
    Refused(Refused),
}

/// How much is kept of each channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_events: usize,
    pub(crate) max_age: Option<Duration>,
}

/// Epochs that never come twice.
#[derive(Debug, Default)]
pub(crate) struct Epochs(u64);

impl Epochs {
    fn next(&mut self) -> Epoch {
        self.0 += 1;
        Epoch::new(0, self.0)
    }
}

impl Kept {
    pub(crate) fn open(&mut self, epochs: &mut Epochs, now: Instant) -> Facts {
        if let Some(until) = self.closed_until(now) {
            let top = Position::new(0, epochs.next());
            return Facts::new(top).with_finished(Some(until - now));
        }
        let life = self.life(epochs);
        Facts::new(life.top)
            .with_first(life.first())
            .with_epochs(life.epochs.iter().copied())
            .with_retry(life.retry)
    }

    pub(crate) fn append(&mut self, append: Append, epochs: &mut Epochs, now: Instant) -> Came {
        if let Some(until) = self.closed_until(now) {
            return Came::Refused(Refused::Finished { left: until - now });
        }
        let key = append.key().map(|(key, digest)| (key.as_str().to_owned(), digest));
        let life = self.life(epochs);
        if let Some((known, digest)) = &key
            && let Some(&(first, position)) = life.keys.get(known)
        {
            return if first == *digest {
                Came::Again(position)
            } else {
                Came::Refused(Refused::KeyReused)
            };
        }
        life.retry = append.retry().or(life.retry);
        let mut entries = Vec::new();
        for draft in append.into_drafts() {
            let position = life.next(epochs);
            let entry = Entry::new(position, draft.finish(position));
            life.entries.push_back((entry.clone(), now));
            entries.push(entry);
        }
        if let Some((key, digest)) = key {
            life.keys.insert(key, (digest, entries.last().map(Entry::position)));
        }
        Came::New(entries)
    }

    pub(crate) fn finish(&mut self, kept: Option<Duration>, now: Instant) -> Came {
        if let Some(until) = self.closed_until(now) {
            return Came::Refused(Refused::Finished { left: until - now });
        }
        self.life = None;
        self.closed = kept.map(|kept| now + kept);
        self.breaks += 1;
        Came::New(Vec::new())
    }

    /// The page behind `after`, unless nothing is there yet.
    pub(crate) fn page(&self, after: u64, max_bytes: usize) -> Option<Page> {
        let life = self.life.as_ref().filter(|life| after < life.top.seq())?;
        let from = life.entries.partition_point(|(entry, _)| entry.position().seq() <= after);
        let mut bytes = 0;
        let mut entries = Vec::new();
        for (entry, _) in life.entries.iter().skip(from) {
            bytes += entry.frame().as_bytes().len();
            if !entries.is_empty() && max_bytes < bytes {
                break;
            }
            entries.push(entry.clone());
        }
        let until = entries.last().map_or_else(|| life.top.seq(), |entry| entry.position().seq());
        Some(Page::new(until, entries))
    }

    /// Forgets what the limits say, and the `more` oldest events.
    pub(crate) fn trim(&mut self, limits: Limits, more: usize, now: Instant) {
        let Some(life) = &mut self.life else { return };
        let is_old = |at: Instant| limits.max_age.is_some_and(|age| at + age <= now);
        let beyond = life.entries.len().saturating_sub(limits.max_events).max(more);
        let old = life.entries.iter().take_while(|&&(_, at)| is_old(at)).count();
        let gone = beyond.max(old).min(life.entries.len());
        life.entries.drain(..gone);
    }

    /// The newest events are lost, `lost` at most, and what comes next is of a new epoch. Returns the number of the
    /// newest event that is left.
    pub(crate) fn tear(&mut self, lost: usize) -> u64 {
        let Some(life) = &mut self.life else { return 0 };
        let left = life.entries.len() - lost.min(life.entries.len());
        if left < life.entries.len() {
            self.breaks += 1;
        }
        let lost = life.entries.split_off(left);
        if let Some((first, _)) = lost.front() {
            let seq = first.position().seq() - 1;
            let begun = life.epochs.iter().filter(|&&(begin, _)| begin <= seq).count().max(1);
            life.epochs.truncate(begun);
            life.top = Position::new(seq, life.epochs[begun - 1].1);
            life.keys.retain(|_, (_, at)| at.is_none_or(|at| at.seq() <= seq));
        }
        life.is_torn = true;
        life.top.seq()
    }

    pub(crate) fn top(&self) -> Option<Position> {
        self.life.as_ref().map(|life| life.top)
    }

    /// The number of the oldest event that is kept, or of the next one.
    pub(crate) fn first(&self) -> u64 {
        self.life.as_ref().map_or(1, Life::first)
    }

    /// Whether the channel has or had an event at `position`, in the life that it is in.
    pub(crate) fn has(&self, position: Position) -> bool {
        self.life.as_ref().is_some_and(|life| {
            let seq = position.seq();
            let begun = life.epochs.iter().filter(|&&(begin, _)| begin <= seq).count().max(1);
            seq <= life.top.seq() && life.epochs[begun - 1].1 == position.epoch()
        })
    }

    pub(crate) fn closed_until(&self, now: Instant) -> Option<Instant> {
        self.closed.filter(|&until| now < until)
    }

    fn life(&mut self, epochs: &mut Epochs) -> &mut Life {
        self.life.get_or_insert_with(|| Life::new(epochs.next()))
    }
}

impl Life {
    fn new(epoch: Epoch) -> Self {
        Self {
            top: Position::new(0, epoch),
            entries: VecDeque::new(),
            epochs: vec![(0, epoch)],
            is_torn: false,
            retry: None,
            keys: HashMap::new(),
        }
    }

    fn first(&self) -> u64 {
        let first = self.entries.front().map(|(entry, _)| entry.position().seq());
        first.unwrap_or_else(|| self.top.seq() + 1)
    }

    fn next(&mut self, epochs: &mut Epochs) -> Position {
        let seq = self.top.seq() + 1;
        if std::mem::take(&mut self.is_torn) {
            self.epochs.push((seq, epochs.next()));
        }
        let (_, epoch) = self.epochs[self.epochs.len() - 1];
        self.top = Position::new(seq, epoch);
        self.top
    }
}
