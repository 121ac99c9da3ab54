use std::time::Instant;

use bytes::Bytes;

use super::{
    Channel, ChannelConfig, CloseReason, Cursor, Drain, Framing, Output,
    listener::{Listener, Presence},
    system,
};
use crate::{
    history::{Gap, GapReason},
    wire::KEEPALIVE,
};

/// What is to be written to a listener next.
#[derive(Debug)]
pub(super) enum Next {
    /// The frames from where it stands up to `to`.
    Frames {
        bytes: Bytes,
        to: Cursor,
    },
    /// What it is told beside what is published.
    Told(Bytes),
    Wait {
        until: Option<Instant>,
    },
    Close(CloseReason),
}

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
        match self.next(key, Framing::Plain, drain, config, now) {
            Next::Frames { bytes, to } => {
                self.listeners.get_mut(key).last_write = now;
                self.listeners.advance(key, to, &mut self.log);
                Output::Write(bytes)
            }
            Next::Told(bytes) => Output::Write(bytes),
            Next::Wait { until } => Output::Wait { until },
            Next::Close(reason) => Output::Close(reason),
        }
    }

    /// What is to be written to the listener `key` next, in `framing`. Of the frames it has read nothing yet.
    pub(super) fn next(
        &mut self,
        key: usize,
        framing: Framing,
        drain: Option<&Drain>,
        config: &ChannelConfig,
        now: Instant,
    ) -> Next {
        if let Some(told) = self.tell(key, drain, config, now) {
            return told;
        }
        let listener = self.listeners.get_mut(key);
        let until = match (listener.presence, &listener.special) {
            (Presence::Leaving, Some(special)) => special.leaves_at.into(),
            _ => self.log.end(),
        };
        if let Some((bytes, to)) = self.log.read(listener.cursor, until, framing) {
            return Next::Frames { bytes, to };
        }
        let silence = config.keepalive.map(|keepalive| listener.phase.silence(keepalive));
        let due = silence.and_then(|silence| listener.last_write.checked_add(silence));
        if due.is_some_and(|due| due <= now) {
            return listener.tell(KEEPALIVE, now);
        }
        let drained = drain.map(|drain| drain.end_of(listener.phase));
        let granted = listener.grant_end();
        Next::Wait { until: due.into_iter().chain(drained).chain(granted).min() }
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
    ) -> Option<Next> {
        let listener = self.listeners.get_mut(key);
        if listener.special.is_none() && drain.is_none() {
            return None;
        }
        if let Some(opening) = listener.take_opening() {
            return Some(listener.tell(opening.into(), now));
        }
        if let Some(told) = self.tell_gap(key, now) {
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
    fn tell_gap(&mut self, key: usize, now: Instant) -> Option<Next> {
        let listener = self.listeners.get_mut(key);
        let first = listener.special.as_mut()?.missed_from.take()?.get();
        let next = listener.cursor.event;
        if next == first {
            return None;
        }
        let position = |seq| self.log.window().map(|window| window.position(seq));
        let last = position(first - 1).map(|last| last.to_string()).unwrap_or_default();
        let gap = Gap::new(GapReason::Trimmed, last.as_bytes(), Some(next - first));
        Some(listener.tell(gap.event(position(next - 1)).encode(), now))
    }
}

impl Listener {
    fn tell(&mut self, bytes: Bytes, now: Instant) -> Next {
        self.last_write = now;
        Next::Told(bytes)
    }

    /// The last block of the stream, if there is one, and then its end.
    fn say_goodbye(&mut self, drain: Option<&Drain>, config: &ChannelConfig, now: Instant) -> Next {
        let special = self.special();
        let reason = special.reason.unwrap_or(CloseReason::Finished);
        if std::mem::replace(&mut special.is_told, true) {
            return Next::Close(reason);
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
        farewell.map_or(Next::Close(reason), |farewell| self.tell(farewell, now))
    }
}
