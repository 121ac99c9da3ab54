use std::{fmt::Display, ops::RangeInclusive, str::FromStr, time::Duration};

/// A port to listen on, or 0 for any that is free.
pub(crate) fn port_or_any(text: &str) -> Result<u16, OutOfBounds<u16>> {
    bounded(text, 0..=u16::MAX)
}

/// A port to connect to.
pub(crate) fn port(text: &str) -> Result<u16, OutOfBounds<u16>> {
    bounded(text, 1..=u16::MAX)
}

/// A time in milliseconds, where 0 has a meaning of its own.
pub(crate) fn millis_or_zero(text: &str) -> Result<Duration, OutOfBounds<u64>> {
    Ok(Duration::from_millis(bounded(text, 0..=MAX_MILLIS)?))
}

/// A time in milliseconds.
pub(crate) fn millis(text: &str) -> Result<Duration, OutOfBounds<u64>> {
    Ok(Duration::from_millis(bounded(text, 1..=MAX_MILLIS)?))
}

/// The length of a body.
pub(crate) fn bytes(text: &str) -> Result<u64, OutOfBounds<u64>> {
    bounded(text, 0..=MAX_BYTES)
}

/// How many bytes of memory something may take.
pub(crate) fn memory(text: &str) -> Result<usize, OutOfBounds<usize>> {
    bounded(text, 0..=MAX_MEMORY)
}

/// How many bytes of memory a log may take, which holds an event or is of no use.
pub(crate) fn log(text: &str) -> Result<usize, OutOfBounds<usize>> {
    bounded(text, MIN_LOG..=MAX_MEMORY)
}

/// How long a file of histories may be, which has such a length when it is made.
pub(crate) fn file(text: &str) -> Result<u64, OutOfBounds<u64>> {
    bounded(text, MIN_FILE..=MAX_FILE)
}

/// How many bytes of memory histories on disk may take.
pub(crate) fn history_memory(text: &str) -> Result<usize, OutOfBounds<usize>> {
    bounded(text, MIN_HISTORY_MEMORY..=MAX_MEMORY)
}

/// How many of something, where 0 has a meaning of its own.
pub(crate) fn count_or_zero(text: &str) -> Result<u32, OutOfBounds<u32>> {
    bounded(text, 0..=u32::MAX)
}

/// How many there may be of something.
pub(crate) fn places(text: &str) -> Result<usize, OutOfBounds<usize>> {
    bounded(text, 1..=u32::MAX as usize)
}

/// How many of something that are there at once.
pub(crate) fn crowd(text: &str) -> Result<usize, OutOfBounds<usize>> {
    bounded(text, 1..=1_000_000)
}

/// How many threads work at once.
pub(crate) fn threads(text: &str) -> Result<usize, OutOfBounds<usize>> {
    bounded(text, 1..=1024)
}

/// How many requests are under way at once.
pub(crate) fn in_flight(text: &str) -> Result<usize, OutOfBounds<usize>> {
    bounded(text, 1..=10_000)
}

/// How many of something.
pub(crate) fn count(text: &str) -> Result<u64, OutOfBounds<u64>> {
    bounded(text, 1..=u64::MAX)
}

fn bounded<T>(text: &str, bounds: RangeInclusive<T>) -> Result<T, OutOfBounds<T>>
where
    T: Copy + Display + FromStr + PartialOrd,
{
    match text.parse() {
        Ok(number) if bounds.contains(&number) => Ok(number),
        _ => Err(OutOfBounds { min: *bounds.start(), max: *bounds.end() }),
    }
}

/// A text that is no number within bounds; the option's name is added by the parser of arguments.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a number from {min} to {max}")]
pub(crate) struct OutOfBounds<T: Display> {
    min: T,
    max: T,
}

/// The protocol's bound for a reconnection time, about 49 days; no deadline overflows with it.
const MAX_MILLIS: u64 = 4_294_967_295;

/// 1 GiB: a body is held in memory as a whole.
const MAX_BYTES: u64 = 1 << 30;

/// 1 TiB, or what there are addresses for.
const MAX_MEMORY: usize = if usize::BITS < 64 { usize::MAX } else { 1 << 40 };

/// 1 KiB: a short event with its overhead.
const MIN_LOG: usize = 1 << 10;

/// 1 MiB: some hundred kilobytes are for the file's own order.
const MIN_FILE: u64 = 1 << 20;

/// 1 PiB.
const MAX_FILE: u64 = 1 << 50;

/// 1 MiB: an index of some thousands of channels.
const MIN_HISTORY_MEMORY: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_up_to_their_bounds_and_nothing_else_is() {
        for (text, expected) in [
            ("1", Ok(1)),
            ("65535", Ok(65535)),
            ("0", Err(OutOfBounds { min: 1, max: 65535 })),
            ("65536", Err(OutOfBounds { min: 1, max: 65535 })),
            ("-1", Err(OutOfBounds { min: 1, max: 65535 })),
            ("99999999999999999999999", Err(OutOfBounds { min: 1, max: 65535 })),
            ("1.5", Err(OutOfBounds { min: 1, max: 65535 })),
            ("", Err(OutOfBounds { min: 1, max: 65535 })),
        ] {
            assert_eq!(port(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_refusal_says_the_bounds() {
        let refusal = bytes("many").unwrap_err();

        assert_eq!(refusal.to_string(), "expected a number from 0 to 1073741824");
    }
}
