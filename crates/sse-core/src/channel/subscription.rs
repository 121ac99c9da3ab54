use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Keepalive, Log};
use crate::KEEPALIVE;

/// One listener's place in a [`Log`]: what to write next, and until when it may stay silent.
///
/// Inputs are `handle_*`, outputs are `poll_*`. After any input, call [`poll_output`] until it
/// returns [`Output::Wait`] or [`Output::Close`]. A timeout that comes early changes nothing, so a
/// driver may leave a timer armed for an older deadline. Time must not go back.
///
/// [`poll_output`]: Self::poll_output
///
/// ```
/// # use std::time::{Duration, Instant};
/// use sse_core::{Log, LogConfig, Output, Subscription, SubscriptionConfig};
///
/// let (mut log, start) = (Log::new(LogConfig::default()), Instant::now());
/// let mut subscription = Subscription::new(SubscriptionConfig::default(), &log, start);
///
/// log.append("data: 1\n\n".into());
/// log.append("data: 2\n\n".into());
/// assert_eq!(
///     subscription.poll_output(&mut log, start),
///     Output::Write("data: 1\n\ndata: 2\n\n".into()),
/// );
/// assert_eq!(
///     subscription.poll_output(&mut log, start),
///     Output::Wait { until: Some(start + Duration::from_secs(15)) },
/// );
/// ```
#[derive(Debug)]
pub struct Subscription {
    cursor: u64,
    keepalive: Keepalive,
}

impl Subscription {
    /// A subscription to what `log` will hold from now on.
    pub fn new(config: SubscriptionConfig, log: &Log, now: Instant) -> Self {
        Self { cursor: log.next_seq(), keepalive: Keepalive::new(config.interval(), now) }
    }

    /// The sequence number of the next frame to write.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Tells the subscription that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.keepalive.handle_timeout(now);
    }

    /// What the driver is to do next.
    pub fn poll_output(&mut self, log: &mut Log, now: Instant) -> Output {
        if self.cursor < log.first_seq() {
            return Output::Close(CloseReason::Overrun { missed: log.first_seq() - self.cursor });
        }
        let bytes = if let Some((bytes, cursor)) = log.read(self.cursor) {
            self.cursor = cursor;
            bytes
        } else if let Some(reason) = log.end() {
            return Output::Close(reason);
        } else if self.keepalive.is_due() {
            KEEPALIVE
        } else {
            return Output::Wait { until: self.keepalive.deadline() };
        };
        self.keepalive.handle_write(now);
        Output::Write(bytes)
    }
}

/// How one subscription behaves.
///
/// ```
/// use std::time::Duration;
/// use sse_core::SubscriptionConfig;
///
/// let config = SubscriptionConfig::default().with_keepalive(Some(Duration::from_secs(30)));
/// ```
#[derive(Clone, Debug)]
pub struct SubscriptionConfig {
    keepalive: Option<Duration>,
    phase: u16,
}

impl SubscriptionConfig {
    /// Sets the silence after which a comment is written, or `None` for never. Default: 15 s.
    ///
    /// # Source
    ///
    /// HTML Standard, [Authoring notes][spec]: a comment line every 15 seconds or so.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes
    #[must_use]
    pub fn with_keepalive(mut self, keepalive: Option<Duration>) -> Self {
        self.keepalive = keepalive;
        self
    }

    /// Sets how late within its margin the comment is written. Default: 0, at once.
    ///
    /// After a broadcast the deadlines of all subscribers are equal. A phase for each, spread over
    /// the range of `u16`, spreads their comments over an eighth of the interval; a quarter of
    /// that margin is left to the driver's timer.
    #[must_use]
    pub fn with_phase(mut self, phase: u16) -> Self {
        self.phase = phase;
        self
    }

    pub(crate) fn interval(&self) -> Option<Duration> {
        let keepalive = self.keepalive?;
        let margin = keepalive / 32 * 3;
        let late = margin.mul_f64(f64::from(self.phase) / f64::from(u16::MAX));
        Some(keepalive.saturating_add(late))
    }
}

impl Default for SubscriptionConfig {
    fn default() -> Self {
        Self { keepalive: Some(Duration::from_secs(15)), phase: 0 }
    }
}

/// What a [`Subscription`] asks of its driver.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a driver must handle every output")]
pub enum Output {
    /// Write these bytes, then poll again. They hold whole frames, as many as are ready.
    Write(Bytes),
    /// Nothing to write before the log grows or `until` passes.
    Wait {
        /// When to call [`Subscription::handle_timeout`].
        until: Option<Instant>,
    },
    /// Close the connection. Every further poll says the same.
    Close(CloseReason),
}

/// Why a [`Subscription`] ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The channel was finished; everything published before was written.
    Finished,
    /// The hub is shutting down; everything published before was written.
    Shutdown,
    /// The log dropped frames that this subscriber had not read.
    Overrun {
        /// How many frames were missed.
        missed: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LogConfig, testing::epoch};

    #[test]
    fn early_timeout_changes_nothing() {
        let (mut log, start) = (Log::new(LogConfig::default()), epoch());
        let mut subscription = Subscription::new(SubscriptionConfig::default(), &log, start);
        let early = start + Duration::from_millis(14_999);

        subscription.handle_timeout(early);

        assert_eq!(
            subscription.poll_output(&mut log, early),
            Output::Wait { until: Some(start + Duration::from_secs(15)) },
        );
    }

    #[test]
    fn keepalive_is_written_once_per_interval() {
        let (mut log, start) = (Log::new(LogConfig::default()), epoch());
        let mut subscription = Subscription::new(SubscriptionConfig::default(), &log, start);
        let fired = start + Duration::from_secs(15);

        subscription.handle_timeout(fired);

        assert_eq!(subscription.poll_output(&mut log, fired), Output::Write(KEEPALIVE));
        assert_eq!(
            subscription.poll_output(&mut log, fired),
            Output::Wait { until: Some(fired + Duration::from_secs(15)) },
        );
    }

    #[test]
    fn keepalive_is_never_early_and_at_most_an_eighth_late() {
        for phase in [0, 1, u16::MAX / 2, u16::MAX] {
            let interval = SubscriptionConfig::default().with_phase(phase).interval();
            let late = interval.expect("the default is on") - Duration::from_secs(15);

            assert!(late < Duration::from_secs(15) / 8, "{late:?} at phase {phase}");
        }
    }

    #[test]
    fn overrun_closes_with_the_number_missed() {
        let (mut log, start) = (Log::new(LogConfig::default().with_max_bytes(200)), epoch());
        let mut subscription = Subscription::new(SubscriptionConfig::default(), &log, start);

        for _ in 0..5 {
            log.append(KEEPALIVE);
        }

        for _ in 0..2 {
            assert_eq!(
                subscription.poll_output(&mut log, start),
                Output::Close(CloseReason::Overrun { missed: 3 }),
            );
        }
    }

    #[test]
    fn what_was_published_before_the_end_is_written_first() {
        let (mut log, start) = (Log::new(LogConfig::default()), epoch());
        let mut subscription = Subscription::new(SubscriptionConfig::default(), &log, start);

        log.append(KEEPALIVE);
        log.finish(CloseReason::Finished);
        log.finish(CloseReason::Shutdown);

        assert_eq!(subscription.poll_output(&mut log, start), Output::Write(KEEPALIVE));
        for _ in 0..2 {
            assert_eq!(
                subscription.poll_output(&mut log, start),
                Output::Close(CloseReason::Finished),
            );
        }
    }
}
