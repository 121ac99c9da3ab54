use std::time::Duration;

use super::Epoch;

/// Makes epochs that no life of a channel had before, also where several processes make them for the same channels:
/// 8 characters of time, and 3 that are drawn at the start and counted on.
///
/// ```
/// use std::time::{SystemTime, UNIX_EPOCH};
/// use sse_core::history::EpochMinter;
///
/// # let from_a_random_source = 42;
/// let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?;
/// let mut minter = EpochMinter::new(since_1970, from_a_random_source);
/// assert_ne!(minter.mint(), minter.mint());
/// # Ok::<(), std::time::SystemTimeError>(())
/// ```
#[derive(Debug)]
pub struct EpochMinter {
    last: u64,
}

impl EpochMinter {
    /// Begins at the time `since_1970`, with a number from a random source.
    pub fn new(since_1970: Duration, drawn: u64) -> Self {
        let millis = u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX);
        Self { last: millis.saturating_mul(DRAWN).saturating_add(drawn % DRAWN) }
    }

    /// Goes on behind `last`, which an earlier start has used, also if the clock was set back.
    #[must_use]
    pub fn behind(mut self, last: u64) -> Self {
        self.last = self.last.max(last.saturating_add(DRAWN + self.last % DRAWN));
        self
    }

    /// What the next start has to go on behind.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// A new epoch.
    pub fn mint(&mut self) -> Epoch {
        self.last = self.last.wrapping_add(1);
        Epoch::numbered(self.last)
    }
}

/// 36³.
const DRAWN: u64 = 46_656;
