use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sse_core::history::Epoch;

/// Milliseconds since 1970, by the clock on the wall.
pub(crate) fn now() -> u64 {
    to_millis(SystemTime::now())
}

pub(crate) fn to_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn from_millis(millis: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(UNIX_EPOCH)
}

/// Makes epochs that no life of a channel had before: 8 characters of time, and 3 that are drawn at the start
/// and counted on.
#[derive(Debug)]
pub(crate) struct Minter {
    last: u64,
}

impl Minter {
    /// Goes on behind `last`, which an earlier start used, also if the clock was set back.
    pub(crate) fn new(last: u64) -> Self {
        let drawn = RandomState::new().hash_one(std::process::id()) % DRAWN;
        let by_time = (now() * DRAWN).saturating_add(drawn);
        Self { last: by_time.max(last.saturating_add(DRAWN + drawn)) }
    }

    /// What the next start has to be told.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    pub(crate) fn mint(&mut self) -> Epoch {
        self.last += 1;
        let (mut text, mut rest) = ([0; LEN], self.last);
        for place in text.iter_mut().rev() {
            *place = DIGITS[(rest % DIGITS.len() as u64) as usize];
            rest /= DIGITS.len() as u64;
        }
        Epoch::parse(&text).expect("11 digits are an epoch")
    }
}

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const LEN: usize = 11;
/// 36³.
const DRAWN: u64 = 46_656;
