use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use sse_core::{
    Token,
    event::EventId,
    history::{Epoch, EpochMinter, Position},
    wire::Frame,
};

use crate::{
    Append, Refused, Stored, StoredEvent,
    append::{Events, MAX_PUBLICATION},
    chunk::Chunks,
    clock::{from_millis, to_millis},
    done::Done,
    index::{Index, KnownKey, Place, is_ended},
    record::{Record, State},
};

/// What goes to disk with the next commit, and what follows from it for the index then.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) records: Records,
    changed: Vec<Changed>,
    /// Where each channel is in `changed`.
    slots: HashMap<Token, usize>,
    pub(super) events: usize,
    /// The callers that are told once it is safe.
    pub(super) waiting: Vec<(Done, Stored)>,
    /// When its first record came.
    pub(super) since: Option<Instant>,
}

/// Records under the keys from `first_key` on.
#[derive(Default)]
pub(super) struct Records {
    pub(super) first_key: u64,
    count: u64,
    pub(super) chunks: Chunks,
}

/// A channel as it will be.
struct Changed {
    token: Token,
    state: State,
    generation: u32,
    keys: HashMap<Arc<str>, KnownKey>,
    effects: Vec<Effect>,
}

/// What a record changes in the index.
enum Effect {
    Event { epoch: Epoch, place: Place },
    Key { key: Arc<str>, known: KnownKey },
    State { state: State, key: u64 },
}

/// Which lives are new.
pub(super) struct Lives {
    pub(super) minter: EpochMinter,
    /// What channels that were there before go on with.
    pub(super) epoch: Epoch,
    /// Counts how often `epoch` changed.
    pub(super) generation: u32,
}

impl Records {
    fn push(&mut self, record: &Record<'_>) -> (u64, u32) {
        let key = self.next_key();
        let len = self.chunks.push(key, record);
        self.count += 1;
        (key, u32::try_from(len).unwrap_or(u32::MAX))
    }

    pub(super) fn next_key(&self) -> u64 {
        self.first_key + self.count
    }

    pub(super) fn last_key(&self) -> Option<u64> {
        self.next_key().checked_sub(1).filter(|_| !self.is_empty())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// How many bytes they have.
    pub(super) fn len(&self) -> usize {
        self.chunks.len()
    }
}

impl Batch {
    pub(super) fn new(first_key: u64) -> Self {
        Self { records: Records { first_key, ..Records::default() }, ..Self::default() }
    }

    /// Forgets what is staged, but not who is told, since it is stored now, or since it cannot be. Of what was stored
    /// before, records up to `deleted` may have been deleted.
    pub(super) fn restart(&mut self, is_stored: bool, deleted: Option<u64>) {
        let Self { records, changed, slots, events, waiting: _, since } = self;
        if is_stored {
            records.first_key = records.next_key();
            records.chunks.keep_last();
        } else {
            records.chunks.drop_new();
        }
        records.count = 0;
        if records.chunks.last_key() <= deleted {
            // It is no longer as it lies on disk.
            records.chunks.clear();
        }
        changed.clear();
        changed.shrink_to(MAX_SPARE);
        slots.clear();
        slots.shrink_to(MAX_SPARE);
        (*events, *since) = (0, None);
    }

    /// Stages a publication.
    pub(super) fn append(
        &mut self,
        append: Append,
        lives: &mut Lives,
        index: &Index,
        now: u64,
    ) -> Result<Stored, Refused> {
        let Append { channel, events: asked, retry, key, time } = append;
        let len = asked.bytes();
        if MAX_PUBLICATION < len {
            return Err(Refused::TooLarge { len });
        }
        if let Some((key, digest)) = &key
            && let Some(stored) = self.find(&channel, (key, *digest), index, now)?
        {
            return Ok(stored);
        }
        let slot = self.open(&channel, index, now)?;
        let retry = retry.map(|retry| u64::try_from(retry.as_millis()).unwrap_or(u64::MAX));
        self.begin(slot, retry, lives, now);
        let time = time.map_or(now, to_millis).min(now);
        let mut events = Vec::with_capacity(asked.len());
        match asked {
            Events::Frames(frames) => events.extend(frames.into_iter().map(|frame| {
                self.put_event(slot, time, |position| {
                    frame.with_id(&EventId::from(position)).unwrap_or(frame)
                })
            })),
            Events::Drafts(drafts) => events.extend(
                drafts
                    .into_iter()
                    .map(|draft| self.put_event(slot, time, |position| draft.finish(position))),
            ),
        }
        let position = self.top(slot);
        if let Some((key, digest)) = key {
            let answer = events.last().map(|event| event.position);
            let name = channel.as_str();
            let record = Record::Key { channel: name, time: now, key: &key, digest, answer };
            let (at, _) = self.records.push(&record);
            let known = KnownKey { digest, answer, time: now, at };
            self.change(slot, Effect::Key { key, known });
        }
        Ok(Stored { position, events, is_duplicate: false })
    }

    /// Stages an event, which `finish` encodes at its position.
    fn put_event(
        &mut self,
        slot: usize,
        time: u64,
        finish: impl FnOnce(Position) -> Frame,
    ) -> StoredEvent {
        let Changed { token, state, .. } = &self.changed[slot];
        let epoch = state.epoch().expect("a channel that has begun has an epoch");
        let seq = state.top + 1;
        let position = Position::new(seq, epoch);
        let frame = finish(position);
        let channel = token.as_str();
        let record = Record::Event { channel, time, seq, epoch, frame: frame.as_bytes() };
        let (key, len) = self.records.push(&record);
        let place = Place { seq, key, time, len };
        self.change(slot, Effect::Event { epoch, place });
        self.events += 1;
        StoredEvent { position, time: from_millis(time), frame }
    }

    /// Stages position 0 of a channel that has none, or that it is still in use.
    pub(super) fn mark(
        &mut self,
        channel: &Token,
        lives: &mut Lives,
        index: &Index,
        now: u64,
    ) -> Result<Stored, Refused> {
        let slot = self.open(channel, index, now)?;
        let state = &self.changed[slot].state;
        let is_there = !state.ranges.is_empty() && !is_ended(state, now);
        let is_stale = index.limits.is_stale(state.used, now);
        if !is_there {
            self.begin(slot, None, lives, now);
        } else if is_stale {
            self.put_state(slot, now, |_| {});
        }
        Ok(Stored { position: self.top(slot), ..Stored::default() })
    }

    /// Stages the end of a channel, whose name is free from `until` on.
    pub(super) fn finish(
        &mut self,
        channel: &Token,
        until: Option<u64>,
        lives: &mut Lives,
        index: &Index,
        now: u64,
    ) -> Result<Stored, Refused> {
        let slot = self.open(channel, index, now)?;
        let is_new = self.changed[slot].state.ranges.is_empty();
        let born = self.records.next_key();
        let epoch = is_new.then(|| lives.minter.mint());
        self.put_state(slot, now, |state| {
            if let Some(epoch) = epoch {
                state.begin(0, epoch);
            }
            state.born = born;
            state.finished = Some(until.unwrap_or(now));
        });
        Ok(Stored { position: self.top(slot), ..Stored::default() })
    }

    /// Stages the state of a channel whose events are going to be deleted.
    pub(super) fn save(&mut self, channel: &Token, index: &Index) {
        let slot = self.look_up(channel, index);
        let used = self.changed[slot].state.used;
        self.put_state(slot, used, |_| {});
    }

    /// What was stored under the key before.
    fn find(
        &self,
        channel: &Token,
        (key, digest): (&Arc<str>, u64),
        index: &Index,
        now: u64,
    ) -> Result<Option<Stored>, Refused> {
        if usize::from(u16::MAX) < key.len() {
            return Err(Refused::KeyTooLong { len: key.len() });
        }
        let staged = self.slots.get(channel).map(|&slot| &self.changed[slot]);
        let staged_known = staged.and_then(|changed| changed.keys.get(key).copied());
        let born = staged.map_or(0, |changed| changed.state.born);
        let stored = || index.channels.get(channel)?.find_key(key, &index.limits, now);
        let Some(known) = staged_known.or_else(stored).filter(|known| born <= known.at) else {
            return Ok(None);
        };
        if known.digest != digest {
            return Err(Refused::KeyReused { key: key.clone() });
        }
        Ok(Some(Stored { position: known.answer, events: Vec::new(), is_duplicate: true }))
    }

    /// Looks a channel up, which must not be finished.
    fn open(&mut self, channel: &Token, index: &Index, now: u64) -> Result<usize, Refused> {
        let slot = self.look_up(channel, index);
        match self.changed[slot].state.finished.and_then(|until| until.checked_sub(now)) {
            None | Some(0) => Ok(slot),
            Some(left) => Err(Refused::Finished { left: Duration::from_millis(left) }),
        }
    }

    /// Whether something of the channel is staged.
    pub(super) fn is_changed(&self, channel: &Token) -> bool {
        let slot = self.slots.get(channel);
        slot.is_some_and(|&slot| !self.changed[slot].effects.is_empty())
    }

    fn look_up(&mut self, channel: &Token, index: &Index) -> usize {
        if let Some(&slot) = self.slots.get(channel) {
            return slot;
        }
        let slot = self.changed.len();
        let known = index.channels.get(channel);
        self.changed.push(Changed {
            token: channel.clone(),
            state: known.map(|known| known.state.clone()).unwrap_or_default(),
            generation: known.map_or(0, |known| known.generation),
            keys: HashMap::new(),
            effects: Vec::new(),
        });
        self.slots.insert(channel.clone(), slot);
        slot
    }

    /// Sees to it that the channel is in a life of this process, and has the reconnection time.
    fn begin(&mut self, slot: usize, retry: Option<u64>, lives: &mut Lives, now: u64) {
        let born = self.records.next_key();
        let changed = &mut self.changed[slot];
        let is_new = changed.state.ranges.is_empty() || is_ended(&changed.state, now);
        let is_continued = !is_new && changed.generation != lives.generation;
        changed.generation = lives.generation;
        if !is_new && !is_continued && (retry.is_none() || changed.state.retry == retry) {
            return;
        }
        let epoch = if is_new { lives.minter.mint() } else { lives.epoch };
        self.put_state(slot, now, |state| {
            if is_new {
                *state = State { born, ..State::default() };
                state.begin(0, epoch);
            } else if is_continued {
                state.begin(state.top + 1, epoch);
            }
            state.retry = retry.or(state.retry);
        });
    }

    fn put_state(&mut self, slot: usize, now: u64, change: impl FnOnce(&mut State)) {
        let changed = &mut self.changed[slot];
        change(&mut changed.state);
        changed.state.used = changed.state.used.max(now);
        let born = changed.state.born;
        changed.keys.retain(|_, known| born <= known.at);
        let state = changed.state.clone();
        let record = Record::State { channel: changed.token.as_str(), state: state.clone() };
        let (key, _) = self.records.push(&record);
        self.change(slot, Effect::State { state, key });
    }

    /// Notes what follows from a record that was stored.
    fn change(&mut self, slot: usize, effect: Effect) {
        self.since.get_or_insert_with(Instant::now);
        let changed = &mut self.changed[slot];
        match &effect {
            Effect::Event { epoch, place } => {
                changed.state.advance(place.seq, *epoch, place.time);
            }
            Effect::Key { key, known } => {
                changed.keys.insert(key.clone(), *known);
            }
            Effect::State { .. } => {}
        }
        changed.effects.push(effect);
    }

    fn top(&self, slot: usize) -> Option<Position> {
        let state = &self.changed[slot].state;
        Some(Position::new(state.top, state.epoch()?))
    }

    /// What the commit changes in the index.
    pub(super) fn apply(&mut self, index: &mut Index, now: u64) {
        for changed in self.changed.drain(..) {
            if changed.effects.is_empty() {
                continue;
            }
            index.change(&changed.token, now, |channel, gone| {
                channel.generation = changed.generation;
                for effect in changed.effects {
                    match effect {
                        Effect::Event { epoch, place } => {
                            channel.state.advance(place.seq, epoch, place.time);
                            channel.push(epoch, place);
                        }
                        Effect::Key { key, known } => channel.insert_key(key, known, gone),
                        Effect::State { state, key } => channel.set_state(state, key, gone),
                    }
                }
            });
        }
    }
}

/// For how many channels memory is kept from batch to batch.
const MAX_SPARE: usize = 1_024;
