use std::time::Instant;

use bytes::{Buf, Bytes};

use super::{Client, ClientOutput, Disconnect, SystemEvent, state::Stream};
use crate::{Item, wire::MessageEvent};

/// What becomes of the bytes of a stream.
impl Client {
    /// What comes next of what has arrived.
    // Each arm makes its output in place: moved there later, an event would wait for its own stores.
    pub(super) fn poll_stream(&mut self, stream: Stream, now: Instant) -> ClientOutput {
        if self.is_out_of_time(now) {
            return self.poll_state(now);
        }
        loop {
            let mut rest = &self.input[..];
            let decoded = self.decoder.decode(&mut rest);
            let left = rest.len();
            match decoded {
                Ok(Some(Item::Event(event))) => {
                    let is_system = SystemEvent::is_named(event.name());
                    let event = event.to_owned();
                    self.leftover.clear();
                    self.keep(left);
                    if is_system && self.is_taken(&event) {
                        match event.last_event_id() {
                            "" => continue,
                            id => return ClientOutput::LastEventId(id.to_owned()),
                        }
                    }
                    return ClientOutput::Event(event);
                }
                Ok(None) => {
                    self.leftover.skip(&self.input);
                    return self.poll_rest(stream, now);
                }
                Ok(Some(Item::Comment(text))) => {
                    let text = text.to_owned();
                    self.skip(left);
                    return ClientOutput::Comment(text);
                }
                Ok(Some(Item::Retry(time))) => {
                    self.skip(left);
                    self.asked = Some(time);
                    self.streak.backoff().set_reconnection_time(time);
                    return ClientOutput::Retry(time);
                }
                Ok(Some(Item::Dropped(error))) | Err(error) => {
                    self.streak.end_of_stream(stream.opened, now);
                    self.refuse(Disconnect::Decode(error), None, now);
                    return self.poll_state(now);
                }
            }
        }
    }

    /// Does what the event says to the client, if it says anything; whether that was for it alone.
    #[cold]
    fn is_taken(&mut self, event: &MessageEvent) -> bool {
        let Some(event) = SystemEvent::of(event.as_ref()) else { return false };
        let end = match event {
            SystemEvent::Open | SystemEvent::Expired => None,
            SystemEvent::Refused { status } => {
                self.refusal = Some(status);
                Some(Disconnect::Ended)
            }
            SystemEvent::Replaced => Some(Disconnect::Replaced),
        };
        if end.is_some() {
            self.input = Bytes::new();
            self.end = end;
        }
        !self.config.system_events
    }

    /// Leaves the last `left` bytes of what has arrived; those before made no event.
    fn skip(&mut self, left: usize) {
        self.leftover.skip(&self.input[..self.input.len() - left]);
        self.keep(left);
    }

    /// Leaves the last `left` bytes of what has arrived.
    fn keep(&mut self, left: usize) {
        self.input.advance(self.input.len() - left);
    }

    /// What comes once all that has arrived is delivered.
    pub(super) fn poll_rest(&mut self, stream: Stream, now: Instant) -> ClientOutput {
        // Where it came from, its memory can be used for what comes next.
        self.input = Bytes::new();
        if self.decoder.take_lone_id() {
            return ClientOutput::LastEventId(self.decoder.last_event_id().to_owned());
        }
        if let Some(because) = self.end.take() {
            if self.refusal.is_none()
                && let Some(discarded) = self.leftover.discarded()
            {
                self.leftover.clear();
                self.end = Some(because);
                return ClientOutput::Discarded(discarded);
            }
            self.end_stream(because, stream.opened, now);
            return self.poll_state(now);
        }
        let idle = self.config.idle_timeout.and_then(|limit| stream.last_input.checked_add(limit));
        let answer = self.refusal.and(self.attempt.until);
        ClientOutput::Receive { until: earliest(earliest(idle, answer), self.over) }
    }
}

/// The one that comes first of two instants that may be none.
pub(super) fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
