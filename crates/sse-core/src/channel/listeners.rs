use std::time::Instant;

use slab::Slab;

use super::{
    CloseReason, Cursor, Log, OnOverrun, Traffic,
    cursor::Place,
    listener::{Flight, Listener, Presence},
    pages::Pages,
};
use crate::{access::Grant, growth::grow_slab};

/// Who listens on a channel, or did and still has a connection.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    listeners: Slab<Listener>,
    here: usize,
    /// Who came last. Where one is here at most, it is the one that is.
    latest: usize,
    /// Nothing before the first that is to be counted here.
    traffic: Option<Box<Traffic>>,
    /// Nothing before somebody has stood before the log.
    pub(super) pages: Option<Box<Pages>>,
}

impl Listeners {
    /// How many are here.
    pub(super) fn here(&self) -> usize {
        self.here
    }

    /// How many are here, counted one by one.
    pub(super) fn recount(&self) -> usize {
        self.keys(|listener| listener.presence == Presence::Here).len()
    }

    /// How many have left or are leaving, and have a connection all the same.
    pub(super) fn leaving(&self) -> usize {
        self.listeners.len() - self.here
    }

    pub(super) fn traffic(&mut self) -> &mut Traffic {
        self.traffic.get_or_insert_default()
    }

    /// Lets `take` take note of what was counted here, if it is time.
    pub(super) fn report_traffic(&mut self, take: impl FnOnce(&mut Traffic)) {
        if let Some(traffic) = self.traffic.as_deref_mut().filter(|traffic| traffic.is_due) {
            let has_ends = traffic.has_ends;
            take(traffic);
            // Where nothing else is counted, no room is kept for it: writes come again, and ends seldom do.
            if has_ends {
                self.traffic = None;
            }
        }
    }

    pub(super) fn get(&self, key: usize) -> Option<&Listener> {
        self.listeners.get(key)
    }

    pub(super) fn get_mut(&mut self, key: usize) -> &mut Listener {
        &mut self.listeners[key]
    }

    /// Adds a listener that is here; returns its key.
    pub(super) fn add(&mut self, listener: Listener, log: &mut Log) -> usize {
        log.enter(listener.cursor);
        self.here += 1;
        grow_slab(&mut self.listeners);
        self.latest = self.listeners.insert(listener);
        self.latest
    }

    /// Removes a listener whose connection is over.
    pub(super) fn remove(&mut self, key: usize, log: &mut Log) {
        if self.gone(key, CloseReason::Finished, log) {
            self.traffic().leave();
        }
        if let Some(traffic) = &mut self.traffic {
            traffic.is_due = true;
        }
        self.listeners.remove(key);
        if 4 * self.listeners.len() < self.listeners.capacity() {
            self.listeners.shrink_to_fit();
        }
    }

    /// Everyone who is here leaves, once it has read what the log holds now.
    pub(super) fn dismiss(&mut self, reason: CloseReason, log: &mut Log) {
        if self.here == 1 && self.is_here(self.latest) {
            return self.dismiss_one(self.latest, reason, log);
        }
        for key in self.keys(|listener| listener.presence == Presence::Here) {
            self.dismiss_one(key, reason, log);
        }
    }

    /// One listener leaves, once it has read what the log holds now.
    ///
    /// Where it stands before the log it leaves at once if it may come back, since it goes on from there then; and
    /// if the channel is over, since the store has nothing of it any more.
    pub(super) fn dismiss_one(&mut self, key: usize, reason: CloseReason, log: &mut Log) {
        let listener = &self.listeners[key];
        let is_behind = listener.cursor.event < log.start().event;
        match reason {
            CloseReason::Shutdown if is_behind => self.stop_one(key, reason, log),
            CloseReason::Finished | CloseReason::Failed
                if is_behind && !listener.is_in_flight() =>
            {
                self.go(key, CloseReason::Failed, log);
            }
            _ => self.leave(key, log.end().place(), reason, log),
        }
    }

    /// The listener `key` leaves before the next event, once it has read the one that it has begun.
    pub(super) fn stop_one(&mut self, key: usize, reason: CloseReason, log: &mut Log) {
        let at = self.listeners[key].whole().place();
        self.leave(key, at, reason, log);
    }

    /// The listener `key`, whose grant has ended at `end`, leaves once it has read what was published before.
    pub(super) fn expire_one(&mut self, key: usize, end: Instant, log: &mut Log) {
        let listener = &self.listeners[key];
        let at = listener.whole().max(log.place_at(end));
        let is_leaving_before = match listener.presence {
            Presence::Here => false,
            Presence::Leaving => {
                let special = listener.special.as_ref();
                special.is_some_and(|known| !at.is_before(known.leaves_at.into()))
            }
            Presence::Gone => true,
        };
        if !is_leaving_before {
            self.leave(key, at.place(), CloseReason::Expired, log);
        }
    }

    /// The same for the only listener of an exclusive channel, if its grant has ended by `now`.
    pub(super) fn expire_latest(&mut self, log: &mut Log, now: Instant) {
        if let Some(end) = self.latest_end().filter(|&end| end <= now) {
            self.expire_one(self.latest, end, log);
        }
    }

    /// Whether an exclusive channel has a listener whose grant has not ended.
    pub(super) fn is_held(&self, now: Instant) -> bool {
        0 < self.here && self.latest_end().is_none_or(|end| now < end)
    }

    /// The grant that the listener `key` came with, if it is there and came with one.
    pub(super) fn grant(&self, key: usize) -> Option<&Grant> {
        self.listeners.get(key)?.grant.as_ref()
    }

    /// A listener has read up to `cursor`. Returns whether nobody stands where it stood.
    pub(super) fn advance(&mut self, key: usize, cursor: Cursor, log: &mut Log) -> bool {
        let listener = &mut self.listeners[key];
        let is_last_there = log.advance(1, listener.cursor, cursor);
        listener.cursor = cursor;
        self.go_if_all_is_read(key, log);
        is_last_there
    }

    /// The log has dropped what some still had to read: they are cut, or go on from its start. Returns
    /// how many they are.
    pub(super) fn fall_out(&mut self, then: OnOverrun, log: &mut Log) -> usize {
        let start = log.start();
        let behind = self.keys(|listener| {
            listener.presence != Presence::Gone && listener.cursor.is_before(start)
        });
        let (staying, cut): (Vec<_>, Vec<_>) = behind.into_iter().partition(|&key| {
            let listener = &self.listeners[key];
            // What is in flight may have been read, and is looked at once that is known.
            listener.is_in_flight() || listener.may_go_on(listener.cursor, start, then)
        });
        // All of them stand at the start before one of them leaves where it stood.
        let mut left = Vec::with_capacity(staying.len());
        let mut fallen = cut.len();
        for &key in &staying {
            let listener = &mut self.listeners[key];
            let cursor = listener.cursor;
            match listener.flight {
                Flight::None => {
                    listener.note_missed(cursor);
                    fallen += 1;
                }
                Flight::UnderWay if listener.presence == Presence::Leaving => {
                    listener.flight = Flight::Late;
                }
                Flight::UnderWay | Flight::Late => (),
            }
            listener.cursor = cursor.max(start);
            log.enter(listener.cursor);
            left.push(cursor);
        }
        left.into_iter().for_each(|cursor| log.leave(cursor));
        for key in cut {
            let missed = start.event.saturating_sub(self.listeners[key].cursor.event);
            self.go(key, CloseReason::Overrun { missed }, log);
        }
        fallen
    }

    /// The log of a channel with a store has dropped what some still had to read: they read it from the store. What
    /// was said beside the events is said to them no more.
    pub(super) fn fall_behind(&mut self, log: &mut Log) {
        let start = log.start();
        for (_, listener) in &mut self.listeners {
            if listener.presence != Presence::Gone && listener.cursor.aside < start.aside {
                listener.cursor.aside = start.aside;
                log.enter_aside(start.aside);
            }
        }
    }

    /// A listener for which that was so during a write, which has come to an end, stands at `place`.
    pub(super) fn land_behind(&mut self, key: usize, place: Cursor, log: &mut Log) {
        let listener = &mut self.listeners[key];
        let from = listener.cursor;
        listener.flight = Flight::None;
        listener.cursor = Cursor { aside: place.aside.max(from.aside), ..place };
        log.advance(1, from, listener.cursor);
    }

    /// A listener that the log has overtaken during a write, which has come to an end, stands at `place`. Returns
    /// whether it has fallen out.
    pub(super) fn land(
        &mut self,
        key: usize,
        place: Cursor,
        then: OnOverrun,
        log: &mut Log,
    ) -> bool {
        let listener = &mut self.listeners[key];
        let start = listener.cursor;
        // Who is leaving may have read all that was for it.
        let leaves_at = listener.special.as_ref().map(|special| special.leaves_at);
        let is_done = listener.presence == Presence::Leaving
            && leaves_at.is_some_and(|at| !place.is_before(at.into()));
        let has_fallen = !is_done && place.is_before(start);
        let may_go_on = listener.may_go_on(place, start, then);
        listener.flight = Flight::None;
        if has_fallen && !may_go_on {
            let missed = start.event.saturating_sub(place.event);
            self.go(key, CloseReason::Overrun { missed }, log);
            return true;
        }
        if has_fallen {
            listener.note_missed(place);
        }
        listener.cursor = place.max(start);
        log.advance(1, start, listener.cursor);
        has_fallen
    }

    /// A listener that is leaving and has read everything is gone.
    pub(super) fn go_if_all_is_read(&mut self, key: usize, log: &mut Log) {
        let listener = &self.listeners[key];
        if listener.presence == Presence::Leaving
            && let Some(special) = &listener.special
            && let Some(reason) = special.reason
        {
            // What has been begun since it left is read to its end.
            let at = Cursor::from(special.leaves_at).max(listener.whole()).place();
            self.leave(key, at, reason, log);
        }
    }

    /// A listener leaves once it has read what was published before `at`. Nobody comes back.
    fn leave(&mut self, key: usize, at: Place, reason: CloseReason, log: &mut Log) {
        let listener = &mut self.listeners[key];
        if listener.presence == Presence::Gone {
            return;
        }
        if !listener.is_in_flight() && !listener.cursor.is_before(at.into()) {
            return self.go(key, reason, log);
        }
        (listener.special().leaves_at, listener.special().reason) = (at, Some(reason));
        if std::mem::replace(&mut listener.presence, Presence::Leaving) == Presence::Here {
            self.here -= 1;
        }
    }

    /// The stream of a listener is ended.
    pub(super) fn go(&mut self, key: usize, reason: CloseReason, log: &mut Log) {
        if self.gone(key, reason, log) {
            self.traffic().close(reason);
        }
    }

    /// A listener is gone. Returns whether it was not before.
    fn gone(&mut self, key: usize, reason: CloseReason, log: &mut Log) -> bool {
        let listener = &mut self.listeners[key];
        let from = std::mem::replace(&mut listener.presence, Presence::Gone);
        if from == Presence::Gone {
            return false;
        }
        listener.special().reason = Some(reason);
        if from == Presence::Here {
            self.here -= 1;
        }
        log.leave(listener.cursor);
        self.leave_page(key);
        true
    }

    fn latest_end(&self) -> Option<Instant> {
        self.listeners.get(self.latest).filter(|_| 0 < self.here)?.grant_end()
    }

    fn is_here(&self, key: usize) -> bool {
        self.listeners.get(key).is_some_and(|listener| listener.presence == Presence::Here)
    }

    pub(super) fn keys(&self, is_meant: impl Fn(&Listener) -> bool) -> Vec<usize> {
        let meant = self.listeners.iter().filter(|(_, listener)| is_meant(listener));
        meant.map(|(key, _)| key).collect()
    }
}
