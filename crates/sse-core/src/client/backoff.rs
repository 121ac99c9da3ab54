use std::time::Duration;

use super::ClientConfig;
use crate::mix::{GOLDEN_SECTION, mix64};

/// How long to wait before the next connection.
#[derive(Debug)]
pub(super) struct Backoff {
    reconnection_time: Duration,
    /// The reconnection time that the server has set.
    asked: Option<Duration>,
    floor: Duration,
    cap: Duration,
    failures: u32,
    random: u64,
}

impl Backoff {
    pub(super) fn new(config: &ClientConfig) -> Self {
        Self {
            reconnection_time: config.reconnection_time,
            asked: None,
            floor: config.floor,
            cap: config.cap,
            failures: 0,
            random: config.seed.unwrap_or_default(),
        }
    }

    /// Takes the reconnection time that the server asks for.
    pub(super) fn set_reconnection_time(&mut self, time: Duration) {
        self.asked = Some(time);
    }

    /// Goes back to the reconnection time of the caller.
    pub(super) fn forget_reconnection_time(&mut self) {
        self.asked = None;
    }

    /// How long the server asks to wait, if it does.
    pub(super) fn asked(&self) -> Option<Duration> {
        self.asked
    }

    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait after a stream that ended in order: a little random, so that clients part. It is never
    /// shorter than what the server `asked` for, or otherwise the reconnection time.
    pub(super) fn after_end(&mut self, asked: Option<Duration>) -> Duration {
        let time = asked.unwrap_or(self.reconnection_time).max(self.floor);
        time.saturating_add(self.random_part((time / 4).min(self.cap)))
    }

    /// The wait after a failure, random over a range that doubles with each one in a row. It is never
    /// shorter than what the server `asked` for, or otherwise the reconnection time.
    pub(super) fn after_failure(&mut self, asked: Option<Duration>) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let time = asked.unwrap_or(self.reconnection_time).max(self.floor);
        let range = 2_u32.checked_pow(self.failures).and_then(|factor| time.checked_mul(factor));
        let range = range.map_or(self.cap, |range| range.min(self.cap));
        time.saturating_add(self.random_part(range))
    }

    fn random_part(&mut self, range: Duration) -> Duration {
        let nanos = u64::try_from(range.as_nanos()).unwrap_or(u64::MAX);
        // The high half of the product maps a random number to the range without bias that matters.
        let part = (u128::from(self.next_random()) * u128::from(nanos)) >> 64;
        Duration::from_nanos(u64::try_from(part).unwrap_or(u64::MAX))
    }

    fn next_random(&mut self) -> u64 {
        let drawn = mix64(self.random);
        self.random = self.random.wrapping_add(GOLDEN_SECTION);
        drawn
    }
}
