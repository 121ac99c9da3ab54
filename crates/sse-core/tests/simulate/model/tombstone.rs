use std::time::Instant;

use super::Model;

/// What is left of a channel that is gone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tombstone {
    /// Which of its token's lives was the last.
    pub(crate) life: usize,
    /// Whether anything was ever published in it.
    was_published: bool,
    /// Whether the token stays closed; it can be used again otherwise.
    is_closed: bool,
    until: Until,
    /// Those that were laid in one go may have come in any order.
    order: u64,
}

#[derive(Clone, Copy, Debug)]
enum Until {
    /// Nobody has come to the hub since.
    Unknown,
    At(Option<Instant>),
}

impl Model {
    pub(crate) fn tombstones(&self) -> usize {
        self.tombstones.iter().flatten().count()
    }

    /// Whether a token is kept closed.
    pub(crate) fn is_closed(&self, token: usize) -> bool {
        self.tombstones[token].is_some_and(|tombstone| tombstone.is_closed)
    }

    /// Which life of a token goes on when its channel is opened again, if one does.
    pub(crate) fn resting(&self, token: usize) -> Option<usize> {
        let tombstone = self.tombstones[token].filter(|tombstone| !tombstone.is_closed);
        tombstone.map(|tombstone| tombstone.life)
    }

    pub(super) fn lay(&mut self, token: usize, life: usize, closed_until: Option<Instant>) {
        let was_published = 0 < self.lives[token][life].top();
        let (is_closed, order) = (closed_until.is_some(), self.turns);
        let until = closed_until.map_or(Until::Unknown, |until| Until::At(Some(until)));
        self.tombstones[token] = Some(Tombstone { life, was_published, is_closed, until, order });
    }

    /// Somebody comes to the hub at `now`: the time of those begins that were laid since the last one came.
    pub(crate) fn expire_tombstones(&mut self, now: Instant) {
        let max_age = self.settings.history.as_ref().and_then(|history| history.max_age);
        for place in &mut self.tombstones {
            let Some(tombstone) = place else { continue };
            match tombstone.until {
                Until::Unknown => tombstone.until = Until::At(max_age.map(|age| now + age)),
                Until::At(Some(until)) if until <= now => *place = None,
                Until::At(_) => (),
            }
        }
    }

    /// The tokens whose tombstones go first, any of them: those that were never published to, and then the
    /// oldest.
    pub(super) fn least_tombstones(&self) -> Vec<usize> {
        let worth = |it: &Tombstone| (it.is_closed || it.was_published, it.order);
        let laid = self.tombstones.iter().enumerate();
        let laid: Vec<_> =
            laid.filter_map(|(token, it)| Some((worth(it.as_ref()?), token))).collect();
        let least = laid.iter().map(|&(worth, _)| worth).min();
        let least = laid.into_iter().filter(|&(worth, _)| Some(worth) == least);
        least.map(|(_, token)| token).collect()
    }

    /// What tombstones cost; with `now`, those that are not over age.
    pub(super) fn tombstone_bytes(&self, now: Option<Instant>) -> usize {
        let is_kept = |it: &Tombstone| match it.until {
            Until::At(Some(until)) => now.is_none_or(|now| now < until),
            Until::At(None) | Until::Unknown => true,
        };
        let laid = self.tombstones.iter().enumerate();
        let laid = laid.filter(|(_, it)| it.as_ref().is_some_and(is_kept));
        laid.map(|(token, _)| self.settings.token(token).as_str().len() + STONE).sum()
    }
}

/// What a tombstone costs beside its token.
const STONE: usize = 256;
