use std::time::Duration;

use crate::mix::mix64;

/// A listener's own place in every span of time that listeners are spread over, so that they do not all
/// do the same at the same instant.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Phase(pub(crate) u16);

impl Phase {
    /// How far into `span` that place is: from nothing to just below all of it.
    pub(crate) fn part_of(self, span: Duration) -> Duration {
        let nanos = (span.as_nanos() * u128::from(self.0)) >> u16::BITS;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Another place, which has nothing to do with this one.
    pub(crate) fn redrawn(self) -> Self {
        Self(mix64(self.0.into()) as u16)
    }

    /// The silence after which a comment is due: never sooner than the keepalive, and less than an eighth
    /// later: three parts of 32, and the fourth is left to timers.
    pub(crate) fn silence(self, keepalive: Duration) -> Duration {
        let Ok(nanos) = u64::try_from(keepalive.as_nanos()) else {
            return keepalive;
        };
        let late = (u128::from(nanos) * u128::from(self.0) * 3) >> (u16::BITS + 5);
        Duration::from_nanos(nanos.saturating_add(late as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keepalive_is_never_early_and_less_than_an_eighth_late() {
        let keepalive = Duration::from_secs(15);
        for phase in [0, 1, u16::MAX / 2, u16::MAX] {
            let late = Phase(phase).silence(keepalive) - keepalive;

            assert!(late < keepalive / 8, "{late:?} at {phase}");
        }
        assert_eq!(Phase(u16::MAX).silence(Duration::MAX), Duration::MAX);
    }
}
