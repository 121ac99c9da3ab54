use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    time::Instant,
};

use sse_core::Token;

use super::telling::Then;
use crate::{ask::Open, keys::Id, order::Order};

/// A channel that this node is told of.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) token: Token,
    pub(super) order: Order<Then>,
    pub(super) subscription: Subscription,
    /// Who waits until it is subscribed to.
    pub(super) opening: Vec<Open>,
    /// Whether what is missing is being read.
    pub(super) reading: Reading,
    /// How many listen here, as Redis knows it, if that is known.
    pub(super) told_listeners: Option<usize>,
    /// Since when nobody uses it.
    pub(super) unused: Option<Instant>,
    /// The fencing number, if it is claimed.
    pub(super) fence: Option<u64>,
    /// The reconnection time that the hub was told, in milliseconds.
    pub(super) retry: Option<u64>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Subscription {
    None,
    Asked,
    There,
}

/// Whether events that are missing are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reading {
    Nothing,
    /// They may be on their way, and are waited for.
    Waits,
    /// So many pages of them were asked for, one after the other.
    Asked(u32),
}

impl Channel {
    fn new(token: Token) -> Self {
        Self {
            token,
            order: Order::new(),
            subscription: Subscription::None,
            opening: Vec::new(),
            reading: Reading::Nothing,
            told_listeners: Some(0),
            unused: None,
            fence: None,
            retry: None,
        }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Channels {
    by_id: HashMap<Id, Channel>,
    /// In the order in which they are looked at. Some are gone.
    round: VecDeque<Id>,
    /// How many are not subscribed to yet.
    unsubscribed: usize,
}

impl Channels {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn get(&self, id: Id) -> Option<&Channel> {
        self.by_id.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut Channel> {
        self.by_id.get_mut(&id)
    }

    /// The channel `token`, which is there from now on.
    pub(super) fn open(&mut self, id: Id, token: &Token) -> &mut Channel {
        match self.by_id.entry(id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                self.round.push_back(id);
                self.unsubscribed += 1;
                entry.insert(Channel::new(token.clone()))
            }
        }
    }

    pub(super) fn remove(&mut self, id: Id) {
        if let Some(channel) = self.by_id.remove(&id)
            && channel.subscription != Subscription::There
        {
            self.unsubscribed -= 1;
        }
    }

    /// The subscription to `id` was confirmed.
    pub(super) fn note_subscribed(&mut self, id: Id) -> Option<&mut Channel> {
        let channel = self.by_id.get_mut(&id)?;
        if channel.subscription != Subscription::There {
            channel.subscription = Subscription::There;
            self.unsubscribed -= 1;
        }
        Some(channel)
    }

    pub(super) fn are_subscribed(&self) -> bool {
        self.unsubscribed == 0
    }

    /// The connection is gone on which they were subscribed to.
    pub(super) fn forget_session(&mut self) {
        for channel in self.by_id.values_mut() {
            (channel.subscription, channel.reading) = (Subscription::None, Reading::Nothing);
        }
        self.unsubscribed = self.by_id.len();
        self.forget_told();
    }

    /// Redis may not know any more how many listen here.
    pub(super) fn forget_told(&mut self) {
        for channel in self.by_id.values_mut() {
            channel.told_listeners = None;
        }
    }

    /// All of them are subscribed to now.
    pub(super) fn ask_all(&mut self) {
        for channel in self.by_id.values_mut() {
            channel.subscription = Subscription::Asked;
        }
    }

    pub(super) fn ids(&self) -> VecDeque<Id> {
        self.by_id.keys().copied().collect()
    }

    /// The one that was looked at longest ago.
    pub(super) fn next(&mut self) -> Option<Id> {
        while let Some(id) = self.round.pop_front() {
            if self.by_id.contains_key(&id) {
                self.round.push_back(id);
                return Some(id);
            }
        }
        None
    }
}
