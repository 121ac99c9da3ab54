use std::time::{Duration, Instant};

use super::{
    Engine, StreamEnd,
    stream::Pushed,
    wheel::{Due, Wheel},
};

/// When streams are to be looked at though nothing was published, and though they take nothing.
impl<S> Engine<S> {
    /// Sees that the wheel is fine enough for `keepalive`: a comment is due in an eighth of it, of which the hub
    /// leaves a fourth to us.
    pub(super) fn refine(&mut self, keepalive: Option<Duration>, now: Instant) {
        let tick = keepalive.map_or(LONGEST, |keepalive| keepalive / 64);
        let tick = tick.clamp(SHORTEST, LONGEST);
        let Some(old) = &self.wheel else {
            self.wheel = Some(Wheel::new(tick, now));
            return;
        };
        if old.tick() <= tick {
            return;
        }
        let mut wheel = Wheel::new(tick, now);
        for (key, stream) in &mut self.streams {
            if stream.due < Due::NEVER {
                stream.due = wheel.due(old.time(stream.due));
                wheel.put(key, stream.due);
            }
        }
        self.wheel = Some(wheel);
    }

    /// The stream is to be looked at at `until`, if not before.
    pub(super) fn set_due(&mut self, key: usize, until: Option<Instant>) {
        let (stream, wheel) = (&mut self.streams[key], self.wheel.as_mut());
        if let Some((until, wheel)) = until.zip(wheel) {
            let due = wheel.due(until);
            if due < stream.due {
                stream.due = due;
                wheel.put(key, due);
            }
        }
    }

    /// The client of a stream that is blocked has to take something in time.
    pub(super) fn watch_stall(&mut self, key: usize, now: Instant) {
        let blocked = self.streams[key].blocked.as_ref();
        let Some((blocked, timeout)) = blocked.zip(self.stall_timeout) else {
            return;
        };
        if timeout <= now.saturating_duration_since(blocked.since) {
            self.end(key, StreamEnd::Stalled);
        } else {
            self.set_due(key, blocked.since.checked_add(timeout));
        }
    }

    /// Looks at the streams whose time has come.
    pub(super) fn find_due(&mut self, now: Instant) {
        while let Some((due, streams)) = self.wheel.as_mut().and_then(|wheel| wheel.take(now)) {
            for key in streams {
                self.find_due_at(key as usize, due, now);
            }
        }
    }

    fn find_due_at(&mut self, key: usize, due: Due, now: Instant) {
        // It may have been put elsewhere since, or be another one.
        let Some(stream) = self.streams.get_mut(key).filter(|stream| stream.due == due) else {
            return;
        };
        (stream.due, stream.wants_deadline) = (Due::NEVER, true);
        if stream.blocked.is_none() {
            self.push(key);
        } else if stream.pushed != Pushed::Urgent {
            self.watch_stall(key, now);
        }
        // Otherwise it can be written again, and how much it takes is seen first.
    }
}

const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(50);
