use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sse_core::history::EpochMinter;

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

/// Makes epochs, behind `last` that an earlier start has used.
pub(crate) fn minter(last: u64) -> EpochMinter {
    let drawn = RandomState::new().hash_one(std::process::id());
    EpochMinter::new(Duration::from_millis(now()), drawn).behind(last)
}
