//! What is known of the records without reading them.

mod channel;
pub(crate) use channel::{Channel, is_ended};

mod keys;
pub(crate) use keys::Known as KnownKey;

mod run;
pub(crate) use run::Place;

use std::{collections::HashMap, time::Duration};

use sse_core::Token;

use crate::record::{Record, shared};

/// All channels, with where their events lie. What `gone` names is on disk and counts no longer.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) limits: Limits,
    pub(crate) channels: HashMap<Token, Channel>,
    pub(crate) gone: Vec<u64>,
    events: usize,
    cost: usize,
    /// The channel of the record that was read last: the next one is often of the same.
    last: Option<Token>,
}

/// What a channel may keep.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) max_events: usize,
    pub(crate) max_bytes: u64,
    pub(crate) max_age: Option<Duration>,
    pub(crate) key_window: Duration,
    pub(crate) max_key_bytes: usize,
    pub(crate) forget_after: Option<Duration>,
}

impl Limits {
    /// How often to look for what has become too old: in good time for the shortest of the times, but each
    /// look is one at all channels.
    pub(crate) fn sweep(&self) -> Duration {
        let times = [Some(self.key_window), self.max_age, self.forget_after];
        let shortest = times.into_iter().flatten().min().unwrap_or(MAX_SWEEP);
        (shortest / 8).clamp(MIN_SWEEP, MAX_SWEEP)
    }

    /// Whether a channel that was last used at `used` will be forgotten before long.
    pub(crate) fn is_stale(&self, used: u64, now: u64) -> bool {
        let age = u128::from(now.saturating_sub(used));
        self.forget_after.is_some_and(|after| after.as_millis() / 2 <= age)
    }
}

impl Index {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, channels: HashMap::new(), gone: Vec::new(), events: 0, cost: 0, last: None }
    }

    /// Changes a channel, which is made if need be, and lets go of what the limits do not allow then.
    pub(crate) fn change(
        &mut self,
        token: &Token,
        now: u64,
        change: impl FnOnce(&mut Channel, &mut Vec<u64>),
    ) {
        if !self.channels.contains_key(token) {
            let channel = Channel::default();
            self.cost += cost(token, &channel);
            self.channels.insert(token.clone(), channel);
        }
        let Some(channel) = self.channels.get_mut(token) else { return };
        let (cost_before, events_before) = (channel.cost(), channel.events());
        change(channel, &mut self.gone);
        channel.bound(&self.limits, now, &mut self.gone);
        self.cost = self.cost + channel.cost() - cost_before;
        self.events = self.events + channel.events() - events_before;
    }

    /// Takes in a record that was read from disk, in the order of their keys.
    pub(crate) fn read(&mut self, key: u64, len: usize, record: Record<'_>, now: u64) {
        let (Record::Event { channel, .. }
        | Record::Key { channel, .. }
        | Record::State { channel, .. }) = record;
        let last = self.last.take().filter(|last| last.as_str() == channel);
        let Some(token) = last.or_else(|| Token::new(channel).ok()) else { return };
        self.change(&token, now, |channel, gone| match record {
            Record::Event { time, seq, epoch, .. } => {
                let time = time.min(now);
                channel.state.advance(seq, epoch, time);
                let len = u32::try_from(len).unwrap_or(u32::MAX);
                channel.push(epoch, Place { seq, key, time, len });
            }
            Record::Key { time, key: name, digest, answer, .. } => {
                let known = KnownKey { digest, answer, time: time.min(now), at: key };
                channel.insert_key(shared(name), known, gone);
            }
            Record::State { mut state, .. } => {
                state.used = state.used.min(now);
                channel.set_state(state, key, gone);
            }
        });
        self.last = Some(token);
    }

    /// Lets go of what has become too old.
    pub(crate) fn expire(&mut self, now: u64) {
        for channel in self.channels.values_mut() {
            let (cost_before, events_before) = (channel.cost(), channel.events());
            channel.bound(&self.limits, now, &mut self.gone);
            self.cost = self.cost + channel.cost() - cost_before;
            self.events = self.events + channel.events() - events_before;
        }
    }

    /// Forgets the channels that nothing is known of any more.
    pub(crate) fn forget(&mut self, now: u64) {
        let Self { limits, channels, gone, cost: all, .. } = self;
        channels.retain(|token, channel| {
            let stays = !channel.is_forgettable(limits, now);
            if !stays {
                *all -= cost(token, channel);
                gone.extend(channel.stored.map(|(key, _)| key));
            }
            stays
        });
    }

    /// Lets go of the event under `key` of `token`, if it is the channel's oldest.
    pub(crate) fn evict(&mut self, token: &Token, key: u64) {
        let Some(channel) = self.channels.get_mut(token) else { return };
        if channel.oldest().is_some_and(|oldest| oldest.key == key) {
            let before = channel.cost();
            self.gone.extend(channel.pop_first().map(|place| place.key));
            self.events -= 1;
            self.cost = self.cost + channel.cost() - before;
        }
    }

    pub(crate) fn events(&self) -> usize {
        self.events
    }

    /// The memory that all of it takes, in bytes.
    pub(crate) fn cost(&self) -> usize {
        self.cost
    }
}

fn cost(token: &Token, channel: &Channel) -> usize {
    token.as_str().len() + TOKEN_OVERHEAD + channel.cost()
}

const MIN_SWEEP: Duration = Duration::from_millis(250);
const MAX_SWEEP: Duration = Duration::from_secs(30);
/// The counts of a shared text and a place in the map, some of which are empty.
const TOKEN_OVERHEAD: usize = 64;
