use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use super::sync::{AtomicUsize, Mutex, MutexGuard, Ordering, PoisonError};
use crate::{Token, channel::Tombstone};

/// What channels have left behind, by token: bounded by number, by age and by the budget of histories.
#[derive(Debug, Default)]
pub(super) struct Tombstones {
    tokens: Mutex<Tokens>,
    cost: AtomicUsize,
}

impl Tombstones {
    /// Leaves `tombstone` in the place of the channel `token`.
    pub(super) fn put(&self, token: &Token, tombstone: Tombstone) {
        self.change(|tokens| {
            tokens.remove(token);
            tokens.put(token, tombstone);
            if MAX_TOMBSTONES < tokens.by_token.len() {
                tokens.remove_least();
            }
        });
    }

    /// What was left, unless its time is over at `now`.
    pub(super) fn find(&self, token: &Token, now: Instant) -> Option<Tombstone> {
        if self.cost() == 0 {
            return None;
        }
        let tokens = self.lock();
        let left = tokens.by_token.get(token).filter(|left| !left.is_over(now))?;
        Some(left.tombstone.clone())
    }

    /// Whether the token is kept although its channel was finished.
    pub(super) fn is_closed(&self, token: &Token, now: Instant) -> bool {
        matches!(self.find(token, now), Some(Tombstone::Closed { .. }))
    }

    pub(super) fn remove(&self, token: &Token) {
        if 0 < self.cost() {
            self.change(|tokens| tokens.remove(token));
        }
    }

    /// Ends what was forgotten: it is closed `until` then, or nothing is known of it any more.
    pub(super) fn finish(&self, token: &Token, until: Option<Option<Instant>>, now: Instant) {
        match (self.find(token, now), until) {
            (Some(_), Some(until)) => self.put(token, Tombstone::Closed { until }),
            _ => self.remove(token),
        }
    }

    /// Removes one to make room: those of channels that nothing was published on go first, then the
    /// oldest. Returns whether there was one.
    pub(super) fn remove_least(&self) -> bool {
        0 < self.cost() && self.change(Tokens::remove_least)
    }

    /// Removes those whose time is over at `now`, up to `most`; for those of channels that were forgotten it
    /// has begun when this was first called. Returns how many were removed.
    pub(super) fn expire(&self, max_age: Option<Duration>, most: usize, now: Instant) -> usize {
        if self.cost() == 0 {
            return 0;
        }
        self.change(|tokens| {
            tokens.date(max_age.and_then(|age| now.checked_add(age)));
            tokens.expire(most, now)
        })
    }

    pub(super) fn clear(&self) {
        self.change(|tokens| *tokens = Tokens::default());
    }

    pub(super) fn len(&self) -> usize {
        self.lock().by_token.len()
    }

    /// What they take, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.cost.load(Ordering::Relaxed)
    }

    /// What they take, added up one by one.
    pub(super) fn recount(&self) -> usize {
        self.lock().by_token.keys().map(cost).sum()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Tokens) -> T) -> T {
        let mut tokens = self.lock();
        let answer = change(&mut tokens);
        self.cost.store(tokens.cost, Ordering::Relaxed);
        answer
    }

    fn lock(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Tokens {
    by_token: HashMap<Token, Left>,
    /// Within a kind they end in the order in which they came.
    by_age: BTreeMap<(Kind, u64), Token>,
    /// Those that were left when nobody knew the time.
    undated: Vec<Token>,
    next: u64,
    cost: usize,
}

#[derive(Debug)]
struct Left {
    tombstone: Tombstone,
    until: Option<Instant>,
    place: (Kind, u64),
}

/// What a channel has left.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    /// Of a channel that nothing was published on.
    Blank,
    Forgotten,
    Closed,
}

impl Tokens {
    fn put(&mut self, token: &Token, tombstone: Tombstone) {
        let (kind, until) = match tombstone {
            Tombstone::Forgotten { next: 1, .. } => (Kind::Blank, None),
            Tombstone::Forgotten { .. } => (Kind::Forgotten, None),
            Tombstone::Closed { until } => (Kind::Closed, until),
        };
        if kind != Kind::Closed {
            self.undated.push(token.clone());
        }
        let place = (kind, self.next);
        self.next += 1;
        self.cost += cost(token);
        self.by_age.insert(place, token.clone());
        self.by_token.insert(token.clone(), Left { tombstone, until, place });
    }

    fn remove(&mut self, token: &Token) {
        if let Some(left) = self.by_token.remove(token) {
            self.by_age.remove(&left.place);
            self.cost -= cost(token);
        }
    }

    fn remove_least(&mut self) -> bool {
        let oldest = |kind| self.by_age.range((kind, 0)..=(kind, u64::MAX)).next();
        let others = [Kind::Forgotten, Kind::Closed].into_iter().filter_map(oldest);
        let least = oldest(Kind::Blank).or_else(|| others.min_by_key(|(place, _)| place.1));
        let Some(token) = least.map(|(_, token)| token.clone()) else {
            return false;
        };
        self.remove(&token);
        true
    }

    fn date(&mut self, until: Option<Instant>) {
        for token in self.undated.drain(..) {
            if let Some(left) = self.by_token.get_mut(&token)
                && left.place.0 != Kind::Closed
            {
                left.until = until;
            }
        }
    }

    fn expire(&mut self, most: usize, now: Instant) -> usize {
        let mut removed = 0;
        for kind in [Kind::Blank, Kind::Forgotten, Kind::Closed] {
            while removed < most
                && let Some((_, token)) = self.by_age.range((kind, 0)..=(kind, u64::MAX)).next()
                && self.by_token[token].is_over(now)
            {
                let token = token.clone();
                self.remove(&token);
                removed += 1;
            }
        }
        removed
    }
}

impl Left {
    fn is_over(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

fn cost(token: &Token) -> usize {
    token.as_str().len() + TOMBSTONE_OVERHEAD
}

/// An allocation, a place in the map and a place in the order.
const TOMBSTONE_OVERHEAD: usize = 256;

const MAX_TOMBSTONES: usize = 100_000;
