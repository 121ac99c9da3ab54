use std::time::Duration;

use sse_core::access::{Grant, Permissions, Revocation};

use crate::{seen::Thing, world::World};

impl World {
    /// What a listener comes with: nothing, a grant of its own, or one that others have too. Many end soon.
    pub(crate) fn grant(&mut self) -> Option<Grant> {
        if !self.settings.has_grants || self.random.once_in(4) {
            return None;
        }
        if !self.random.once_in(20) {
            self.grants.retain(|grant| !grant.has_ended(self.now));
        }
        if 8 < self.grants.len() || !self.grants.is_empty() && self.random.once_in(2) {
            let which = self.random.below(self.grants.len());
            return Some(match self.random.once_in(2) {
                true => self.grants.swap_remove(which),
                false => self.grants[which].clone(),
            });
        }
        let mut grant = Grant::new(Permissions::all());
        if let Some(subject) = self.random.pick(&[None, Some("alice"), Some("bob")]) {
            grant = grant.with_subject(subject);
        }
        if self.random.once_in(2) {
            // Some have the name of a subject.
            let number = self.random.below(100).to_string();
            grant = grant.with_id(if self.random.once_in(8) { "alice" } else { &number });
        }
        let lasts = [None, Some(1), Some(5), Some(20), Some(100), Some(5_000), Some(20_000)];
        if let Some(millis) = self.random.pick(&lasts) {
            grant = grant.with_end(self.now + Duration::from_millis(millis));
        }
        self.grants.push(grant.clone());
        Some(grant)
    }

    /// Somebody is shut out, for a while mostly.
    pub(crate) fn revoke(&mut self) {
        let Some(which) = self.grants.len().checked_sub(1).map(|last| self.random.below(last + 1))
        else {
            return;
        };
        let grant = &self.grants[which];
        let id = grant.id().map(Revocation::id);
        let by_id = id.filter(|_| grant.subject().is_none() || self.random.once_in(2));
        let Some(revocation) = by_id.or_else(|| grant.subject().map(Revocation::subject)) else {
            return;
        };
        let is_for_ever = grant.id().is_some_and(|id| id != "alice") && self.random.once_in(4);
        let millis = self.random.pick(&[0, 1, 20, 5_000]);
        let end = (!is_for_ever).then(|| self.now + Duration::from_millis(millis));
        let asked = match end {
            Some(end) => revocation.clone().with_end(end),
            None => revocation.clone(),
        };
        self.hub.revoke(&asked, self.now).unwrap().wake();
        let mut is_anyone_meant = false;
        for who in 0..self.connections.len() {
            let is_meant = self.model.is_meant(who, &revocation);
            let is_here = self.model.is_here(who);
            is_anyone_meant |= is_meant;
            if is_meant && is_here {
                self.assert_woken(who);
            }
            let is_leaving = is_meant && !is_here && self.model.is_reading(who);
            self.seen.note(Thing::RevokedWhileLeaving, u64::from(is_leaving));
            let is_in_a_piece = is_meant && self.model.is_in_a_piece(who);
            self.seen.note(Thing::RevokedInAPiece, u64::from(is_in_a_piece));
        }
        self.model.revoke(&revocation, end);
        if is_anyone_meant {
            self.go(None);
        } else {
            self.go_refused();
        }
    }

    /// Time passes until the grant of a listener has ended.
    pub(crate) fn pass_to_end_of_grant(&mut self, who: usize) {
        self.now = self.model.end_of(who).map_or(self.now, |end| end.max(self.now));
    }

    /// A listener was looked at: if its grant has ended, it has learnt that now.
    pub(crate) fn expire_grant(&mut self, who: usize) {
        if !self.model.has_begun(who) {
            return;
        }
        let (is_here, is_in_a_piece) = (self.model.is_here(who), self.model.is_in_a_piece(who));
        let is_behind = self.model.is_behind(who);
        if self.model.end_grant(who, self.now) {
            self.seen.note(Thing::ExpiredWhileLeaving, u64::from(!is_here));
            self.seen.note(Thing::ExpiredInAPiece, u64::from(is_in_a_piece));
            self.seen.note(Thing::ExpiredBehind, u64::from(is_behind));
        }
    }
}
