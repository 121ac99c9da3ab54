use std::{
    mem,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{Cursor, Keepalive, Log};
use crate::{Gap, GapReason, KEEPALIVE, Resume};

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
/// log.append("data: 1\n\n".into(), start);
/// log.append("data: 2\n\n".into(), start);
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
    cursor: Cursor,
    /// What is written before anything else.
    preface: Bytes,
    on_overrun: OnOverrun,
    keepalive: Keepalive,
    /// An end that is this listener's own.
    end: Option<Box<End>>,
}

impl Subscription {
    /// A subscription to what `log` will hold from now on.
    pub fn new(config: SubscriptionConfig, log: &Log, now: Instant) -> Self {
        Self {
            cursor: log.end(),
            preface: Bytes::new(),
            on_overrun: config.on_overrun,
            keepalive: Keepalive::new(config.interval(), now),
            end: None,
        }
    }

    /// A subscription to what `log` remembers after the anchor of `resume`, and to what it will hold
    /// from then on.
    pub fn resume(config: SubscriptionConfig, log: &Log, resume: &Resume, now: Instant) -> Self {
        let mut subscription = Self::new(config, log, now);
        subscription.cursor.event = resume.anchor().seq() + 1;
        subscription
    }

    /// The same, with `preface` written before anything else. Default: nothing.
    #[must_use]
    pub fn with_preface(mut self, preface: Bytes) -> Self {
        self.preface = preface;
        self
    }

    /// The place before the next frames to write.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Tells the subscription that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.keepalive.handle_timeout(now);
    }

    /// Ends this listener alone: it reads on up to `at`, then writes `farewell` and is closed for
    /// `reason`. The first end stands.
    pub fn handle_end(&mut self, at: Cursor, farewell: Bytes, reason: CloseReason) {
        self.end.get_or_insert_with(|| Box::new(End { at, farewell, reason }));
    }

    /// What the driver is to do next.
    pub fn poll_output(&mut self, log: &mut Log, now: Instant) -> Output {
        if !self.preface.is_empty() {
            let preface = mem::take(&mut self.preface);
            return self.write(preface, now);
        }
        if self.cursor.is_before(log.start())
            && let Some(output) = self.fall_out(log, now)
        {
            return output;
        }
        let until = self.end.as_ref().map_or_else(|| log.end(), |end| end.at);
        if let Some((bytes, cursor)) = log.read(self.cursor, until) {
            self.cursor = cursor;
            self.write(bytes, now)
        } else if let Some(end) = &mut self.end {
            let (farewell, reason) = (mem::take(&mut end.farewell), end.reason);
            if farewell.is_empty() { Output::Close(reason) } else { self.write(farewell, now) }
        } else if let Some(reason) = log.reason() {
            Output::Close(reason)
        } else if self.keepalive.is_due() {
            self.write(KEEPALIVE, now)
        } else {
            Output::Wait { until: self.keepalive.deadline() }
        }
    }

    /// The log has dropped frames that were still to be read; nothing is said where none was an event.
    fn fall_out(&mut self, log: &Log, now: Instant) -> Option<Output> {
        let before = self.cursor;
        let after = before.max(log.start());
        let missed = after.event - before.event;
        if self.on_overrun == OnOverrun::Close || self.end.is_some() {
            return Some(Output::Close(CloseReason::Overrun { missed }));
        }
        self.cursor = after;
        let last = log.position(before.event - 1).map(|last| last.to_string());
        let last = last.unwrap_or_default();
        let gap = Gap::new(GapReason::Trimmed, last.as_bytes(), Some(missed));
        let anchor = log.position(after.event - 1);
        (0 < missed).then(|| self.write(gap.event(anchor).encode(), now))
    }

    fn write(&mut self, bytes: Bytes, now: Instant) -> Output {
        self.keepalive.handle_write(now);
        Output::Write(bytes)
    }
}

#[derive(Debug)]
struct End {
    at: Cursor,
    farewell: Bytes,
    reason: CloseReason,
}

/// What becomes of a listener that falls out of the log because it reads too slowly.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum OnOverrun {
    /// Its stream is cut. It comes back, and is told what it missed if the channel has a history.
    #[default]
    Close,
    /// It is told in its stream, by `event: sse.gap`, and goes on with the oldest that is there.
    Gap,
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
    on_overrun: OnOverrun,
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

    /// Sets what becomes of a listener that falls out of the log. Default: [`OnOverrun::Close`].
    #[must_use]
    pub fn with_on_overrun(mut self, on_overrun: OnOverrun) -> Self {
        self.on_overrun = on_overrun;
        self
    }

    pub(crate) fn on_overrun(&self) -> OnOverrun {
        self.on_overrun
    }

    pub(crate) fn phase(&self) -> u16 {
        self.phase
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
        Self {
            keepalive: Some(Duration::from_secs(15)),
            phase: 0,
            on_overrun: OnOverrun::default(),
        }
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

/// Why a [`Subscription`], or another stream, ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The channel was finished; everything published before was written.
    Finished,
    /// The hub is shutting down; everything published before was written.
    Shutdown,
    /// Another listener took the channel over; what was published before was written.
    Replaced,
    /// The log dropped frames that this subscriber had not read.
    Overrun {
        /// How many events were missed.
        missed: u64,
    },
    /// The stream that the events of an [`EventBuffer`](crate::EventBuffer) came from has failed; what
    /// came before was written.
    Failed,
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
        let (mut log, start) = (Log::new(LogConfig::default().with_max_bytes(250)), epoch());
        let mut subscription = Subscription::new(SubscriptionConfig::default(), &log, start);

        for _ in 0..5 {
            log.append(KEEPALIVE, start);
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

        log.append(KEEPALIVE, start);
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
