use std::time::Instant;

use bytes::Bytes;

use super::{
    Channel, ChannelConfig, CloseReason, Drain, Output,
    listener::{Listener, Presence},
    system,
};
use crate::{Gap, GapReason, KEEPALIVE};

/// What a listener is told next.
impl Channel {
    /// What the connection of the listener `key` is to do. While it is to wait, it has read everything.
    pub(crate) fn poll_output(
        &mut self,
        key: usize,
        drain: Option<&Drain>,
        config: &ChannelConfig,
        now: Instant,
    ) -> Output {
        let listener = self.listeners.get_mut(key);
        if let Some(opening) = listener.opening.take() {
            return listener.write(opening, now);
        }
        let drained = drain.map(|drain| drain.end_of(listener.phase));
        if listener.presence == Presence::Here && drained.is_some_and(|end| end <= now) {
            self.listeners.leave(key, CloseReason::Shutdown, &mut self.log);
        }
        if let Some(told) = self.tell_gap(key, now) {
            return told;
        }
        let listener = self.listeners.get_mut(key);
        let until = match listener.presence {
            Presence::Here => self.log.end(),
            Presence::Leaving { at } => at,
            Presence::Gone => return listener.say_goodbye(drain, config, now),
        };
        if let Some((bytes, cursor)) = self.log.read(listener.cursor, until) {
            self.listeners.advance(key, cursor, &mut self.log);
            return self.listeners.get_mut(key).write(bytes, now);
        }
        let silence = config.keepalive.map(|keepalive| listener.phase.silence(keepalive));
        let due = silence.and_then(|silence| listener.last_write.checked_add(silence));
        if due.is_some_and(|due| due <= now) {
            return listener.write(KEEPALIVE, now);
        }
        Output::Wait { until: due.into_iter().chain(drained).min() }
    }

    /// Tells a listener that has fallen behind what it missed; nothing where none of it was an event.
    fn tell_gap(&mut self, key: usize, now: Instant) -> Option<Output> {
        let listener = self.listeners.get_mut(key);
        let first = listener.missed_from.take()?;
        let next = listener.cursor.event;
        if next == first {
            return None;
        }
        let position = |seq| self.log.window().map(|window| window.position(seq));
        let last = position(first - 1).map(|last| last.to_string()).unwrap_or_default();
        let gap = Gap::new(GapReason::Trimmed, last.as_bytes(), Some(next - first));
        Some(listener.write(gap.event(position(next - 1)).encode(), now))
    }
}

impl Listener {
    fn write(&mut self, bytes: Bytes, now: Instant) -> Output {
        self.last_write = now;
        Output::Write(bytes)
    }

    /// The last block of the stream, if there is one, and then its end.
    fn say_goodbye(
        &mut self,
        drain: Option<&Drain>,
        config: &ChannelConfig,
        now: Instant,
    ) -> Output {
        let reason = self.reason.unwrap_or(CloseReason::Finished);
        if std::mem::replace(&mut self.is_told, true) {
            return Output::Close(reason);
        }
        let farewell = match reason {
            CloseReason::Finished if config.closed_ttl.is_some() => Some(system::END),
            CloseReason::Replaced => Some(system::REPLACED),
            CloseReason::Shutdown => drain.map(|drain| drain.farewell(self.phase, now)),
            _ => None,
        };
        farewell.map_or(Output::Close(reason), |farewell| self.write(farewell, now))
    }
}
