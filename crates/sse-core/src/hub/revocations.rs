use std::{collections::HashMap, time::Instant};

use super::sync::{AtomicUsize, Ordering, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use crate::access::{Grant, Revocation, RevokeError, Revoked};

/// The grants that are no longer valid, though they have not ended.
#[derive(Debug, Default)]
pub(super) struct Revocations {
    /// How many there are, so that no lock is taken where there are none.
    len: AtomicUsize,
    ends: RwLock<Ends>,
}

/// When each can be forgotten; `None` for never.
#[derive(Debug, Default)]
struct Ends {
    subjects: HashMap<Box<str>, Option<Instant>>,
    ids: HashMap<Box<str>, Option<Instant>>,
}

impl Revocations {
    /// Adds `revocation`, or extends the one that is there.
    pub(super) fn add(&self, revocation: &Revocation, now: Instant) -> Result<(), RevokeError> {
        let mut ends = self.write();
        if MAX <= ends.len() && !ends.know(&revocation.of) {
            ends.forget_old(now);
            if MAX <= ends.len() {
                return Err(RevokeError::Full { max: MAX });
            }
        }
        let known = match &revocation.of {
            Revoked::Subject(subject) => ends.subjects.entry(subject.clone()),
            Revoked::Id(id) => ends.ids.entry(id.clone()),
        };
        let end = known.or_insert(revocation.end);
        *end = end.zip(revocation.end).map(|(known, new)| known.max(new));
        self.len.store(ends.len(), Ordering::SeqCst);
        Ok(())
    }

    /// Whether `grant` is revoked.
    pub(super) fn have(&self, grant: &Grant, now: Instant) -> bool {
        if self.len.load(Ordering::SeqCst) == 0 {
            return false;
        }
        let ends = self.read();
        let holds = |known: Option<&Option<Instant>>| {
            known.is_some_and(|end| end.is_none_or(|end| now < end))
        };
        grant.subject().is_some_and(|subject| holds(ends.subjects.get(subject)))
            || grant.id().is_some_and(|id| holds(ends.ids.get(id)))
    }

    fn read(&self) -> RwLockReadGuard<'_, Ends> {
        self.ends.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Ends> {
        self.ends.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ends {
    fn len(&self) -> usize {
        self.subjects.len() + self.ids.len()
    }

    fn know(&self, revoked: &Revoked) -> bool {
        match revoked {
            Revoked::Subject(subject) => self.subjects.contains_key(subject),
            Revoked::Id(id) => self.ids.contains_key(id),
        }
    }

    fn forget_old(&mut self, now: Instant) {
        let holds = |end: &mut Option<Instant>| end.is_none_or(|end| now < end);
        self.subjects.retain(|_, end| holds(end));
        self.ids.retain(|_, end| holds(end));
    }
}

/// How many are remembered: some 10 MB of names.
const MAX: usize = 100_000;
