use std::time::Duration;

/// A number with its unit.
pub(crate) fn parse(text: &str) -> Result<Duration, LifetimeError> {
    let seconds = match text.as_bytes().last() {
        Some(b's') => 1,
        Some(b'm') => MINUTE,
        Some(b'h') => HOUR,
        Some(b'd') => DAY,
        _ => return Err(LifetimeError),
    };
    let digits = &text[..text.len() - 1];
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(LifetimeError);
    }
    let number: u64 = digits.parse().map_err(|_| LifetimeError)?;
    match number.checked_mul(seconds) {
        Some(seconds @ 1..=MAX) => Ok(Duration::from_secs(seconds)),
        _ => Err(LifetimeError),
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a number with s, m, h or d, as in 90s, 15m, 1h or 7d, from 1s to {}d", MAX / DAY)]
pub(crate) struct LifetimeError;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Ten years. What is valid for longer is not meant to end.
const MAX: u64 = 3650 * DAY;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_a_unit_and_bounds() {
        for (text, expected) in [
            ("1s", Some(1)),
            ("90s", Some(90)),
            ("015m", Some(900)),
            ("1h", Some(3600)),
            ("7d", Some(604_800)),
            ("3650d", Some(315_360_000)),
            ("315360000s", Some(315_360_000)),
            ("3651d", None),
            ("315360001s", None),
            ("0s", None),
            ("", None),
            ("s", None),
            ("60", None),
            ("1.5h", None),
            ("-1h", None),
            ("+1h", None),
            ("1 h", None),
            ("1H", None),
            ("1ms", None),
            ("1w", None),
            ("1h30m", None),
            ("١h", None),
            ("1ſ", None),
            ("99999999999999999999d", None),
            ("18446744073709551615d", None),
        ] {
            let expected = expected.map(Duration::from_secs).ok_or(LifetimeError);
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
