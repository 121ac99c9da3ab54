use std::time::Instant;

use bytes::Bytes;

use super::{
    Channel, ChannelConfig, CloseReason, Drain, Output,
    listener::{Listener, Presence},
    system,
};
use crate::{
    history::{Gap, GapReason},
    wire::KEEPALIVE,
};

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
        if let Some(told) = self.tell(key, drain, config, now) {
            return told;
        }
        let listener = self.listeners.get_mut(key);
        let until = match listener.presence {
            Presence::Leaving { at } => at.into(),
            Presence::Here | Presence::Gone => self.log.end(),
        };
        if let Some((bytes, cursor)) = self.log.read(listener.cursor, until) {
            let output = listener.write(bytes, now);
            self.listeners.advance(key, cursor, &mut self.log);
            return output;
        }
        let silence = config.keepalive.map(|keepalive| listener.phase.silence(keepalive));
        let due = silence.and_then(|silence| listener.last_write.checked_add(silence));
        if due.is_some_and(|due| due <= now) {
            return listener.write(KEEPALIVE, now);
        }
        let drained = drain.map(|drain| drain.end_of(listener.phase));
        let granted = listener.grant_end();
        Output::Wait { until: due.into_iter().chain(drained).chain(granted).min() }
    }

    /// What a listener is told beside what is published: how its stream begins, what it missed, why it
    /// ends.
    #[inline]
    fn tell(
        &mut self,
        key: usize,
        drain: Option<&Drain>,
        config: &ChannelConfig,
        now: Instant,
    ) -> Option<Output> {
        let listener = self.listeners.get_mut(key);
        if let Some(opening) = listener.opening.take() {
            return Some(listener.write(opening.into(), now));
        }
        if listener.missed_from.is_some()
            && let Some(told) = self.tell_gap(key, now)
        {
            return Some(told);
        }
        if let Some(end) = self.listeners.get_mut(key).grant_end()
            && end <= now
        {
            self.listeners.expire_one(key, end, &mut self.log);
            self.forget_if_deserted(config);
        }
        if let Some(drain) = drain
            && self.listeners.get_mut(key).presence == Presence::Here
            && drain.end_of(self.listeners.get_mut(key).phase) <= now
        {
            self.listeners.dismiss_one(key, CloseReason::Shutdown, &mut self.log);
            self.forget_if_deserted(config);
        }
        let listener = self.listeners.get_mut(key);
        let is_gone = listener.presence == Presence::Gone;
        is_gone.then(|| listener.say_goodbye(drain, config, now))
    }

    /// Tells a listener that has fallen behind what it missed; nothing where none of it was an event.
    fn tell_gap(&mut self, key: usize, now: Instant) -> Option<Output> {
        let listener = self.listeners.get_mut(key);
        let first = listener.missed_from.take()?.get();
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
            CloseReason::Expired | CloseReason::Revoked => Some(system::EXPIRED),
            CloseReason::Replaced => Some(system::REPLACED),
            // Who is ended before its time may come back at once.
            CloseReason::Shutdown => drain
                .filter(|drain| drain.end_of(self.phase) <= now)
                .map(|drain| drain.farewell(self.phase, now)),
            _ => None,
        };
        farewell.map_or(Output::Close(reason), |farewell| self.write(farewell, now))
    }
}
