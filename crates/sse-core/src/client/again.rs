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
        if because == Disconnect::Replaced {
            // The reconnection time of `sse.replaced` keeps browsers away. A client that persists comes back at
            // the caller's.
            self.streak.backoff().forget_reconnection_time();
        }
        let is_final = because == Disconnect::Replaced && !self.config.persistence;
        if is_final || !self.is_repeated(&because) {
            return self.stop(because);
        }
        let kind = if because == Disconnect::Ended { Kind::End } else { Kind::Failure };
        self.wait(kind, None, because, now);
    }

    /// After an answer in the form of a stream that refuses. The server did nothing, so any method may be repeated, and it asks
    /// for that, so nobody need persist.
    fn wait_as_asked(&mut self, because: Disconnect, now: Instant) {
        match self.config.reconnection {
            true => self.wait(Kind::End, self.asked, because, now),
            false => self.stop(because),
        }
    }

    /// After a network error, which the next attempt may not meet.
    pub(super) fn fail(&mut self, because: Disconnect, now: Instant) {
        let is_retried = self.was_open || self.config.initial_retry || self.config.persistence;
        if is_retried && self.is_repeated(&because) {
            self.wait(Kind::Failure, None, because, now);
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
        // A caller that asks for retries after these statuses means them for any method.
        let is_for_now = self.config.reconnection
            && self.config.status_retry
            && matches!(because, Disconnect::Status { status, .. }
                if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error());
        let is_retried = self.config.persistence
            && because != Disconnect::NoContent
            && self.is_repeated(&because);
        if is_for_now || is_retried {
            self.wait(Kind::Failure, retry_after, because, now);
        } else {
            self.stop(because);
        }
    }

    fn is_repeated(&self, because: &Disconnect) -> bool {
        let is_unsent = *because == Disconnect::Unreachable && !self.attempt.has_arrived();
        let is_harmless = self.config.repetition || self.request.is_idempotent() || is_unsent;
        self.config.reconnection && is_harmless
    }

    /// Waits for as long as the server asks, here or by the reconnection time that it has set.
    fn wait(&mut self, kind: Kind, asked: Option<Duration>, because: Disconnect, now: Instant) {
        let backoff = self.streak.backoff();
        let asked = asked.or_else(|| backoff.asked());
        let after = match kind {
            Kind::End => backoff.after_end(asked),
            Kind::Failure => backoff.after_failure(asked),
        };
        let is_too_long = asked.filter(|asked| DAY < *asked).map(RetryLimit::Wait);
        // A wait beyond what the clock can say is one for ever; a year comes close.
        let until = now.checked_add(after).unwrap_or(now + YEAR);
        let is_too_late = self.over.is_some_and(|over| over <= until);
        let max_time = self.config.max_time.filter(|_| is_too_late).map(RetryLimit::Time);
        match is_too_long.or_else(|| self.streak.retry(after, now).err()).or(max_time) {
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

/// What was before a wait.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A stream that ended in order, or an answer that asks for the wait.
    End,
    Failure,
}

/// A server that asks for more does not mean this client, or is wrong.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
