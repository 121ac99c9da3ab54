use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::{
    Channel, ChannelConfig, CloseReason, Cursor, Drain, Framing, Output,
    behind::Reading,
    listener::{Listener, Presence},
    system,
};
use crate::{
    history::{Gap, GapReason},
    wire::KEEPALIVE,
};

/// What a listener is told beside what is published.
#[derive(Debug)]
pub(super) enum Told {
    Bytes(Bytes),
    /// The end of its stream. It is told nothing more.
    Close(CloseReason),
}

/// What follows where it is told nothing, and has read everything.
#[derive(Debug)]
pub(super) enum Next {
    Comment,
    Wait { until: Option<Instant> },
}

impl From<Next> for Output {
    fn from(next: Next) -> Self {
        match next {
            Next::Comment => Self::Write(KEEPALIVE),
            Next::Wait { until } => Self::Wait { until },
        }
    }
}

/// What is written to a listener next.
impl Channel {
    /// What the connection of the listener `key` is to do. While it is to wait, it has read everything.
    pub(crate) fn poll_output(
        &mut self,
        key: usize,
        drain: Option<&Drain>,
        config: &ChannelConfig,
        now: Instant,
    ) -> Output {
        loop {
            match self.tell(key, drain, config, now) {
                Some(Told::Bytes(bytes)) => return Output::Write(bytes),
                Some(Told::Close(reason)) => return Output::Close(reason),
                None => (),
            }
            match self.read_behind(key, Framing::Plain, now) {
                Some(Reading::Bytes(bytes)) => return Output::Write(bytes),
                Some(Reading::Waits) => return self.idle(key, drain, config, now).into(),
                Some(Reading::Missed) => (),
                None => break,
            }
        }
        let (cursor, until) = (self.listeners.get_mut(key).cursor, self.until(key));
        if let Some(span) = self.log.span(cursor, until, Framing::Plain) {
            let bytes = self.log.read(cursor, span);
            self.note_write(key, span.to, bytes.len(), now);
            return Output::Write(bytes);
        }
        self.idle(key, drain, config, now).into()
    }

    /// A write of `len` bytes takes the listener `key` to the place `to`.
    pub(super) fn note_write(&mut self, key: usize, to: Cursor, len: usize, now: Instant) {
        let end = self.log.end();
        let listener = self.listeners.get_mut(key);
        listener.last_write = now;
        let (from, is_replaying) = (listener.cursor, listener.is_replaying);
        listener.is_replaying &= to.event < end.event;
        let (events, published) = (to.event - from.event, self.log.published(from));
        let is_last_there = self.listeners.advance(key, to, &mut self.log);
        let traffic = self.listeners.traffic();
        traffic.add_writes(1, len, events);
        traffic.add_latency(u32::from(0 < events && !is_replaying), published, now);
        traffic.end_write(is_last_there);
    }

    /// All that the listener `key` is told before it goes on to read, and why its stream ends if it does.
    pub(crate) fn tell_all(
        &mut self,
        key: usize,
        drain: Option<&Drain>,
        config: &ChannelConfig,
        now: Instant,
    ) -> (Bytes, Option<CloseReason>) {
        let mut all = BytesMut::new();
        loop {
            match self.tell(key, drain, config, now) {
                Some(Told::Bytes(bytes)) => all.extend_from_slice(&bytes),
                Some(Told::Close(reason)) => return (all.freeze(), Some(reason)),
                None => return (all.freeze(), None),
            }
        }
    }

    /// How far the listener `key` may read.
    pub(super) fn until(&mut self, key: usize) -> Cursor {
        let listener = self.listeners.get_mut(key);
        match (listener.presence, &listener.special) {
            (Presence::Leaving, Some(special)) => special.leaves_at.into(),
            _ => self.log.end(),
        }
    }

    /// What follows for the listener `key` once it was told everything, and has read everything.
    pub(super) fn idle(
        &mut self,
        key: usize,
        drain: Option<&Drain>,
        config: &ChannelConfig,
        now: Instant,
    ) -> Next {
        let listener = self.listeners.get_mut(key);
        let silence = config.keepalive.map(|keepalive| listener.phase.silence(keepalive));
        let due = silence.and_then(|silence| listener.last_write.checked_add(silence));
        if due.is_some_and(|due| due <= now) {
            listener.last_write = now;
            return Next::Comment;
        }
        let drained = drain.map(|drain| drain.end_of(listener.phase));
        let granted = listener.grant_end();
        let refresh = self.note_quiet(now);
        Next::Wait { until: due.into_iter().chain(drained).chain(granted).chain(refresh).min() }
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
    ) -> Option<Told> {
        let listener = self.listeners.get_mut(key);
        if listener.is_plain(now) && drain.is_none() {
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
    fn tell_gap(&mut self, key: usize, now: Instant) -> Option<Told> {
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
    fn tell(&mut self, bytes: Bytes, now: Instant) -> Told {
        self.last_write = now;
        Told::Bytes(bytes)
    }

    /// The last block of the stream, if there is one, and then its end.
    fn say_goodbye(&mut self, drain: Option<&Drain>, config: &ChannelConfig, now: Instant) -> Told {
        let special = self.special();
        let reason = special.reason.unwrap_or(CloseReason::Finished);
        if std::mem::replace(&mut special.is_told, true) {
            return Told::Close(reason);
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
        farewell.map_or(Told::Close(reason), |farewell| self.tell(farewell, now))
    }
}
