use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// One moment on two clocks: the monotonic one, and the wall clock, by which tokens end.
///
/// The two are compared anew each time: the wall clock may be set, and the monotonic clock stands still while the
/// machine sleeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    now: Instant,
    unix: Duration,
}

impl Clock {
    /// The moment `now`, by what the two clocks show at present.
    pub(crate) fn at(now: Instant) -> Self {
        // In this order, a thread that is interrupted in between sees things end sooner, not later.
        let here = Instant::now();
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { now: here, unix }.moved_to(now)
    }

    fn moved_to(self, now: Instant) -> Self {
        let forward = self.unix.saturating_add(now.saturating_duration_since(self.now));
        let unix = forward.saturating_sub(self.now.saturating_duration_since(now));
        Self { now, unix }
    }

    /// The time since the beginning of 1970 in UTC.
    pub(crate) fn unix(self) -> Duration {
        self.unix
    }

    /// When the wall clock shows `unix`, in the future or the past; at most a century away, so that no sum
    /// overflows.
    pub(crate) fn instant_of(self, unix: Duration) -> Instant {
        let ahead = unix.saturating_sub(self.unix).min(CENTURY);
        let behind = self.unix.saturating_sub(unix).min(CENTURY);
        let instant = self.now.checked_add(ahead).unwrap_or(self.now);
        instant.checked_sub(behind).unwrap_or(instant)
    }

    /// What the wall clock shows at `instant`, in the future or the past.
    pub(crate) fn unix_of(self, instant: Instant) -> Duration {
        self.moved_to(instant).unix
    }
}

const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_goes_from_one_clock_to_the_other_and_back() {
        let clock = Clock { now: Instant::now(), unix: Duration::from_secs(1_800_000_000) };
        for unix in [1_800_000_000, 1_800_000_001, 1_799_999_999, 1_800_086_400] {
            let unix = Duration::from_secs(unix);
            assert_eq!(clock.unix_of(clock.instant_of(unix)), unix);
        }
    }

    #[test]
    fn no_time_is_too_far_away() {
        let clock = Clock { now: Instant::now(), unix: Duration::from_secs(1_800_000_000) };

        assert_eq!(clock.instant_of(Duration::MAX), clock.now + CENTURY);
        assert!(clock.instant_of(Duration::ZERO) <= clock.now);
        assert_eq!(
            Clock { unix: Duration::MAX, ..clock }.unix_of(clock.now + CENTURY),
            Duration::MAX
        );
    }

    #[test]
    fn the_wall_is_as_far_away_as_the_moment() {
        let now = Instant::now();
        let (here, later) = (Clock::at(now), Clock::at(now + Duration::from_secs(3600)));

        let between = later.unix() - here.unix();
        assert!(
            between.abs_diff(Duration::from_secs(3600)) < Duration::from_secs(60),
            "{between:?}"
        );
        assert_eq!(later.now, now + Duration::from_secs(3600));
    }
}
