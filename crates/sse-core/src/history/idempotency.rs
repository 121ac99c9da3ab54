use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use super::History;

/// A publisher's name for one publication, so that sending it twice publishes it once.
///
/// ```
/// use sse_core::IdempotencyKey;
///
/// let key = IdempotencyKey::try_from(&b"order-42"[..])?;
/// assert!(IdempotencyKey::try_from(&b"two words"[..]).is_err());
/// # Ok::<(), sse_core::IdempotencyKeyError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// The longest key, in bytes.
    pub const MAX_LEN: usize = 255;
}

impl TryFrom<&[u8]> for IdempotencyKey {
    type Error = IdempotencyKeyError;

    fn try_from(key: &[u8]) -> Result<Self, IdempotencyKeyError> {
        if key.is_empty() || Self::MAX_LEN < key.len() {
            return Err(IdempotencyKeyError::Length { len: key.len() });
        }
        match key.iter().position(|byte| !byte.is_ascii_graphic()) {
            Some(at) => Err(IdempotencyKeyError::NotVisible { byte: key[at], at }),
            None => Ok(Self(String::from_utf8_lossy(key).into())),
        }
    }
}

/// Why bytes are no idempotency key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IdempotencyKeyError {
    /// Empty, or longer than [`IdempotencyKey::MAX_LEN`].
    #[error(
        "the idempotency key has {len} bytes, and 1 to {} are allowed",
        IdempotencyKey::MAX_LEN
    )]
    Length {
        /// Its length in bytes.
        len: usize,
    },
    /// A byte that is not visible ASCII.
    #[error("the idempotency key holds the byte 0x{byte:02x} at {at}, which is not visible ASCII")]
    NotVisible {
        /// The byte.
        byte: u8,
        /// Its offset.
        at: usize,
    },
}

/// The keys of one channel's latest publications, and the events that they named.
#[derive(Debug)]
pub(crate) struct SeenKeys {
    window: Duration,
    max: usize,
    /// With the number of the event; none for what is no event.
    events: HashMap<IdempotencyKey, Option<u64>>,
    by_age: VecDeque<(Instant, IdempotencyKey)>,
    cost: usize,
}

impl SeenKeys {
    pub(crate) fn new(history: &History) -> Self {
        Self {
            window: history.key_window,
            max: history.max_keys,
            events: HashMap::new(),
            by_age: VecDeque::new(),
            cost: 0,
        }
    }

    /// What was published under `key`.
    pub(crate) fn find(&self, key: &IdempotencyKey) -> Option<Option<u64>> {
        self.events.get(key).copied()
    }

    /// Remembers `key`, which is not known yet, for the last of the events that it named.
    pub(crate) fn insert(&mut self, key: IdempotencyKey, event: Option<u64>, now: Instant) {
        if self.max == 0 {
            return;
        }
        if self.by_age.len() == self.max {
            self.forget_oldest();
        }
        self.cost += cost(&key);
        self.by_age.push_back((now, key.clone()));
        self.events.insert(key, event);
    }

    pub(crate) fn expire(&mut self, now: Instant) {
        while self.by_age.front().is_some_and(|(at, _)| self.is_over(*at, now)) {
            self.forget_oldest();
        }
    }

    /// When the youngest key will be forgotten.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.by_age.back()?.0.checked_add(self.window)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_age.is_empty()
    }

    /// What the keys take, in bytes.
    pub(crate) fn cost(&self) -> usize {
        self.cost
    }

    /// What [`Self::insert`] would add to the cost, at most.
    pub(crate) fn growth(&self, key: &IdempotencyKey) -> usize {
        if self.max == 0 { 0 } else { cost(key) }
    }

    fn is_over(&self, at: Instant, now: Instant) -> bool {
        self.window <= now.saturating_duration_since(at)
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.by_age.pop_front() {
            self.cost -= cost(&key);
            self.events.remove(&key);
        }
        if self.by_age.is_empty() {
            // Most channels see keys never or always: what an empty one holds is given back.
            self.by_age = VecDeque::new();
            self.events = HashMap::new();
        }
    }
}

fn cost(key: &IdempotencyKey) -> usize {
    key.0.len() + KEY_OVERHEAD
}

/// An allocation, a place in the map and a place in the queue.
const KEY_OVERHEAD: usize = 128;
