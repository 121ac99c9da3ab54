use std::time::Instant;

use sse_core::access::{Grant, Revocation};

use super::{Model, Place};

/// Grants that end, and those that are revoked.
impl Model {
    /// Whether nothing is permitted by a grant any more.
    pub(crate) fn has_ended(&self, grant: &Grant, now: Instant) -> bool {
        let holds = |(revocation, end): &(Revocation, Option<Instant>)| {
            revocation.matches(grant) && end.is_none_or(|end| now < end)
        };
        grant.has_ended(now) || self.revoked.iter().any(holds)
    }

    /// Whether the one that an exclusive channel has may stay.
    pub(crate) fn is_held(&self, token: usize, now: Instant) -> bool {
        let is_ended = |place: &Place| place.grant.as_ref().is_some_and(|it| it.has_ended(now));
        self.open[token].is_some_and(|channel| {
            self.places.iter().any(|it| it.channel == channel && it.is_here() && !is_ended(it))
        })
    }

    /// When the grant of a listener ends.
    pub(crate) fn end_of(&self, who: usize) -> Option<Instant> {
        self.places[who].grant.as_ref()?.end()
    }

    /// Who can be revoked.
    pub(crate) fn granted(&self) -> usize {
        let has_name = |grant: &Grant| grant.subject().is_some() || grant.id().is_some();
        self.places.iter().filter(|place| place.grant.as_ref().is_some_and(has_name)).count()
    }

    /// Whether a listener came with a grant that `revocation` is for.
    pub(crate) fn is_meant(&self, who: usize, revocation: &Revocation) -> bool {
        self.places[who].grant.as_ref().is_some_and(|grant| revocation.matches(grant))
    }

    /// The streams of all end that `revocation` is for, after what they have begun to read.
    pub(crate) fn revoke(&mut self, revocation: &Revocation, end: Option<Instant>) {
        self.revoked.push((revocation.clone(), end));
        for who in 0..self.places.len() {
            if self.is_meant(who, revocation) {
                let place = &mut self.places[who];
                place.revoke();
                let channel = place.channel;
                self.left(channel);
            }
        }
    }

    /// Somebody has left a channel who may have been the last one there.
    pub(super) fn left(&mut self, channel: usize) {
        self.desert(channel);
        self.tidy(channel);
        self.last = None;
    }

    /// A listener whose grant has ended is looked at: it gets what was published before the end. Returns
    /// whether it would have got more.
    pub(crate) fn end_grant(&mut self, who: usize, now: Instant) -> bool {
        let is_stopped = self.expire_one(who, now);
        if is_stopped {
            self.left(self.places[who].channel);
        }
        is_stopped
    }

    fn expire_one(&mut self, who: usize, now: Instant) -> bool {
        let Some(end) = self.end_of(who).filter(|&end| end <= now) else {
            return false;
        };
        let (channel, mut at) = (self.places[who].channel, self.places[who].whole());
        let (it, life) = self.get(channel);
        while at.event < it.next && life.event(at.event).at < end {
            at.event += 1;
        }
        while it.aside_at(at.aside).is_some_and(|said| said < end) {
            at.aside += 1;
        }
        let is_stopped = self.places[who].expire(at);
        self.tidy(channel);
        is_stopped
    }

    /// Somebody comes to a channel that only one may have.
    pub(super) fn expire_all(&mut self, channel: usize, now: Instant) {
        for who in 0..self.places.len() {
            if self.places[who].channel == channel && self.places[who].is_here() {
                self.expire_one(who, now);
            }
        }
    }
}
