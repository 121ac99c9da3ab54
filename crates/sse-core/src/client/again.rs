use std::time::{Duration, Instant};

use http::StatusCode;

use super::{Client, Disconnect, RetryLimit, state::State};

/// Whether there is another connection after one that is over, and when.
impl Client {
    /// After a stream that was open since `opened`, whether it ended in order or not.
    pub(super) fn end_stream(&mut self, because: Disconnect, opened: Instant, now: Instant) {
        if let Some(status) = self.refusal {
            return self.wait_as_asked(Disconnect::Refused { status }, now);
        }
        self.streak.end_of_stream(opened, now);
        if !self.is_repeated(&because) {
            return self.stop(because);
        }
        let after = match because {
            Disconnect::Ended => self.streak.backoff().after_end(None),
            _ => self.streak.backoff().after_failure(None),
        };
        self.wait(after, because, now);
    }

    /// After a stream that was none. The server did nothing, so any method may be repeated, and it asks
    /// for that, so nobody need persist.
    fn wait_as_asked(&mut self, because: Disconnect, now: Instant) {
        if !self.config.reconnection {
            return self.stop(because);
        }
        let after = self.streak.backoff().after_end(self.asked);
        self.wait(after, because, now);
    }

    /// After a network error, which the next attempt may not meet.
    pub(super) fn fail(&mut self, because: Disconnect, now: Instant) {
        let is_retried = self.was_open || self.config.initial_retry || self.config.persistence;
        if is_retried && self.is_repeated(&because) {
            let after = self.streak.backoff().after_failure(None);
            self.wait(after, because, now);
        } else {
            self.stop(because);
        }
    }

    /// After an answer that will not become better, unless the caller wants to persist.
    pub(super) fn refuse(
        &mut self,
        because: Disconnect,
        retry_after: Option<Duration>,
        now: Instant,
    ) {
        // Who asks for these to be tried again means any method.
        let is_for_now = self.config.reconnection
            && self.config.status_retry
            && matches!(because, Disconnect::Status { status, .. }
                if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error());
        let is_retried = self.config.persistence
            && because != Disconnect::NoContent
            && self.is_repeated(&because);
        if is_for_now || is_retried {
            let after = self.streak.backoff().after_failure(retry_after);
            self.wait(after, because, now);
        } else {
            self.stop(because);
        }
    }

    fn is_repeated(&self, because: &Disconnect) -> bool {
        let is_unsent = *because == Disconnect::Unreachable && !self.attempt.has_arrived();
        let is_harmless = self.config.repetition || self.request.is_idempotent() || is_unsent;
        self.config.reconnection && is_harmless
    }

    fn wait(&mut self, after: Duration, because: Disconnect, now: Instant) {
        // A wait beyond what the clock can say is one for ever; a year comes close.
        let until = now.checked_add(after).unwrap_or(now + YEAR);
        let limit = match (self.streak.retry(after, now), self.over, self.config.max_time) {
            (Err(limit), ..) => Some(limit),
            (Ok(()), Some(over), Some(limit)) if over <= until => Some(RetryLimit::Time(limit)),
            _ => None,
        };
        match limit {
            Some(limit) => self.stop(Disconnect::GaveUp { limit, because: Box::new(because) }),
            None => {
                self.clear();
                self.state = State::Interrupted { until, after, because };
            }
        }
    }

    pub(super) fn is_out_of_time(&mut self, now: Instant) -> bool {
        let is_over = self.over.is_some_and(|over| over <= now);
        if let Some(limit) = self.config.max_time
            && is_over
        {
            self.stop(Disconnect::OutOfTime { limit });
        }
        is_over
    }

    pub(super) fn stop(&mut self, because: Disconnect) {
        if !matches!(self.state, State::Stopped(_)) {
            self.clear();
            self.state = State::Stopped(because);
        }
    }
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
