use std::time::{Duration, Instant};

use super::{ClientConfig, RetryLimit, backoff::Backoff};

/// The connections in a row of which none has proven stable, and how long it is waited between them.
#[derive(Debug)]
pub(super) struct Streak {
    backoff: Backoff,
    stable_after: Duration,
    max_retries: Option<u32>,
    max_outage: Option<Duration>,
    retries: u32,
    since: Option<Instant>,
}

impl Streak {
    pub(super) fn new(config: &ClientConfig) -> Self {
        Self {
            backoff: Backoff::new(config),
            stable_after: config.stable_after,
            max_retries: config.max_retries,
            max_outage: config.max_outage,
            retries: 0,
            since: None,
        }
    }

    pub(super) fn backoff(&mut self) -> &mut Backoff {
        &mut self.backoff
    }

    /// A stream is over that was open since `opened`.
    pub(super) fn end_of_stream(&mut self, opened: Instant, now: Instant) {
        if self.stable_after <= now.saturating_duration_since(opened) {
            self.backoff.reset();
            self.retries = 0;
            self.since = None;
        }
    }

    /// Counts a further connection, which begins `after` this time.
    pub(super) fn retry(&mut self, after: Duration, now: Instant) -> Result<(), RetryLimit> {
        let outage = now.saturating_duration_since(*self.since.get_or_insert(now));
        if let Some(limit) = self.max_retries
            && limit <= self.retries
        {
            return Err(RetryLimit::Retries(limit));
        }
        if let Some(limit) = self.max_outage
            && limit < outage.saturating_add(after)
        {
            return Err(RetryLimit::Outage(limit));
        }
        self.retries = self.retries.saturating_add(1);
        Ok(())
    }
}
