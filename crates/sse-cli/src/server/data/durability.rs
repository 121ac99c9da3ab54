use std::{str::FromStr, time::Duration};

use sse_redb::Durability;

use crate::bounded;

/// When a publication counts as safe, as it is typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct DurabilityArg(pub(super) Durability);

impl FromStr for DurabilityArg {
    type Err = DurabilityError;

    fn from_str(text: &str) -> Result<Self, DurabilityError> {
        if text == "strict" {
            return Ok(Self(Durability::Strict));
        }
        let time = text.strip_prefix("relaxed:").and_then(|time| bounded::millis(time).ok());
        let time = time.filter(|time| *time <= MAX).ok_or(DurabilityError)?;
        Ok(Self(Durability::Relaxed(time)))
    }
}

/// The option's name and its value are added by the parser of arguments.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected strict, or relaxed:MS with a time from 1 to {} ms", MAX.as_millis())]
pub(super) struct DurabilityError;

/// For longer nobody would want to lose what was acknowledged.
const MAX: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_for_what_is_relaxed_alone() {
        let relaxed = |millis| Ok(Durability::Relaxed(Duration::from_millis(millis)));
        for (text, expected) in [
            ("strict", Ok(Durability::Strict)),
            ("relaxed:1", relaxed(1)),
            ("relaxed:60000", relaxed(60_000)),
            ("relaxed:0", Err(DurabilityError)),
            ("relaxed:60001", Err(DurabilityError)),
            ("relaxed:99999999999999999999", Err(DurabilityError)),
            ("relaxed:-1", Err(DurabilityError)),
            ("relaxed:1.5", Err(DurabilityError)),
            ("relaxed: 1", Err(DurabilityError)),
            ("relaxed:1ms", Err(DurabilityError)),
            ("relaxed:", Err(DurabilityError)),
            ("relaxed", Err(DurabilityError)),
            ("strict:1", Err(DurabilityError)),
            ("Strict", Err(DurabilityError)),
            ("", Err(DurabilityError)),
        ] {
            let parsed = text.parse().map(|DurabilityArg(durability)| durability);
            assert_eq!(parsed, expected, "{text:?}");
        }
    }
}
