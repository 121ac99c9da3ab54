use std::{collections::VecDeque, sync::Arc};

use sse_core::history::Epoch;

use super::{
    Limits,
    keys::{Keys, Known, is_over},
    run::{Place, Run},
};
use crate::record::State;

/// What memory knows of a channel: where its events lie, its keys, and its state.
#[derive(Debug, Default)]
pub(crate) struct Channel {
    pub(crate) state: State,
    /// Where the newest record of its state lies, with the number of the event that was the newest then.
    pub(crate) stored: Option<(u64, u64)>,
    /// Which of the store's generations its newest epoch belongs to.
    pub(crate) generation: u32,
    runs: VecDeque<Run>,
    events: usize,
    bytes: u64,
    /// The publication time of the newest event: times do not go back within a channel.
    newest: u64,
    keys: Option<Box<Keys>>,
    /// What `runs` take, in bytes.
    cost: usize,
}

impl Channel {
    pub(crate) fn push(&mut self, epoch: Epoch, mut place: Place) {
        self.newest = self.newest.max(place.time);
        place.time = self.newest;
        self.events += 1;
        self.bytes += u64::from(place.len);
        let last = self.runs.back_mut();
        if let Some(last) = last {
            let before = last.cost();
            let is_pushed = last.push(epoch, place);
            self.cost += last.cost() - before;
            if is_pushed {
                return;
            }
        }
        let run = Run::new(epoch, place);
        self.cost += run.cost();
        self.runs.push_back(run);
    }

    /// Lets go of the oldest event.
    pub(crate) fn pop_first(&mut self) -> Option<Place> {
        let first = self.runs.front_mut()?;
        let place = first.pop_first()?;
        if first.is_empty() {
            self.cost -= first.cost();
            self.runs.pop_front();
        }
        self.events -= 1;
        self.bytes -= u64::from(place.len);
        Some(place)
    }

    /// Lets go of what `limits` do not allow at `now`.
    pub(crate) fn bound(&mut self, limits: &Limits, now: u64, gone: &mut Vec<u64>) {
        while let Some(first) = self.runs.front().and_then(Run::first) {
            let is_old = limits.max_age.is_some_and(|age| is_over(first.time, age, now));
            if !is_old && self.events <= limits.max_events && self.bytes <= limits.max_bytes {
                break;
            }
            gone.extend(self.pop_first().map(|place| place.key));
        }
        if let Some(keys) = &mut self.keys {
            keys.bound(limits.max_key_bytes, limits.key_window, now, gone);
            if keys.len() == 0 {
                self.keys = None;
            }
        }
    }

    /// Takes over a newer state, which lies under `key`.
    pub(crate) fn set_state(&mut self, state: State, key: u64, gone: &mut Vec<u64>) {
        let born = state.born;
        while self.runs.front().and_then(Run::first).is_some_and(|first| first.key < born) {
            gone.extend(self.pop_first().map(|place| place.key));
        }
        if let Some(keys) = &mut self.keys {
            keys.forget_before(born, gone);
        }
        gone.extend(self.stored.map(|(before, _)| before));
        self.stored = Some((key, state.top));
        self.state = state;
    }

    pub(crate) fn insert_key(&mut self, key: Arc<str>, known: Known, gone: &mut Vec<u64>) {
        self.keys.get_or_insert_default().insert(key, known, gone);
    }

    pub(crate) fn find_key(&self, key: &str, limits: &Limits, now: u64) -> Option<Known> {
        self.keys.as_ref()?.find(key, limits.key_window, now)
    }

    pub(crate) fn keys(&self) -> usize {
        self.keys.as_ref().map_or(0, |keys| keys.len())
    }

    pub(crate) fn events(&self) -> usize {
        self.events
    }

    /// Which epoch begins with which event, as far as it is known: the ranges of its state, and before them those of the
    /// events that are kept.
    pub(crate) fn epochs(&self) -> Vec<(u64, Epoch)> {
        let begin = self.state.ranges.first().map_or(u64::MAX, |&(begin, _)| begin);
        let kept = self.runs.iter().filter_map(|run| Some((run.first()?.seq, run.epoch)));
        let mut epochs: Vec<_> = kept.take_while(|&(first, _)| first < begin).collect();
        epochs.dedup_by_key(|&mut (_, epoch)| epoch);
        epochs.extend(&self.state.ranges);
        epochs
    }

    /// The oldest event, also one that is too old by now.
    pub(crate) fn oldest(&self) -> Option<Place> {
        self.runs.front().and_then(Run::first)
    }

    /// The events behind `seq` that are kept at `now`.
    pub(crate) fn behind(
        &self,
        seq: u64,
        limits: &Limits,
        now: u64,
    ) -> impl Iterator<Item = (Place, Epoch)> {
        let is_old =
            move |place: &Place| limits.max_age.is_some_and(|age| is_over(place.time, age, now));
        let from = self.runs.partition_point(|run| run.last_seq() <= seq);
        let runs = self.runs.iter().skip(from);
        let places = runs.flat_map(move |run| run.behind(seq).map(|place| (place, run.epoch)));
        places.skip_while(move |(place, _)| is_old(place))
    }

    /// Whether it was finished, and until later than `now`.
    pub(crate) fn is_finished(&self, now: u64) -> bool {
        self.state.finished.is_some_and(|until| now < until)
    }

    /// Whether it was finished, and its token is free again.
    pub(crate) fn is_over(&self, now: u64) -> bool {
        is_ended(&self.state, now)
    }

    /// Whether nothing would be missed if all of it were forgotten.
    pub(crate) fn is_forgettable(&self, limits: &Limits, now: u64) -> bool {
        let is_empty = self.events == 0 && self.keys() == 0;
        let is_old = limits.forget_after.is_some_and(|after| is_over(self.state.used, after, now));
        is_empty && (self.is_over(now) || is_old && !self.is_finished(now))
    }

    /// Whether its state would be lost with the records of its events.
    pub(crate) fn is_unsaved(&self) -> bool {
        self.events == 0 && self.stored.is_none_or(|(_, top)| top != self.state.top)
    }

    /// The memory that it takes beside its name, in bytes.
    pub(crate) fn cost(&self) -> usize {
        let keys = self.keys.as_ref().map_or(0, |keys| keys.cost());
        let ranges = self.state.ranges.capacity() * size_of::<(u64, Epoch)>();
        size_of::<Self>() + self.cost + keys + ranges
    }
}

pub(crate) fn is_ended(state: &State, now: u64) -> bool {
    state.finished.is_some_and(|until| until <= now)
}
