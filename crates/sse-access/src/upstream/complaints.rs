use std::{
    collections::HashMap,
    mem::{Discriminant, discriminant},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::Failure;

/// When each kind of failure was last logged.
#[derive(Default)]
pub(super) struct Complaints(Mutex<HashMap<Discriminant<Failure>, Instant>>);

impl Complaints {
    /// Whether `failure` is to be logged: the first of its kind, and then one a minute.
    pub(super) fn is_due(&self, failure: &Failure, now: Instant) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = said.get(&discriminant(failure));
        let is_due = last.is_none_or(|last| INTERVAL <= now.saturating_duration_since(*last));
        if is_due {
            said.insert(discriminant(failure), now);
        }
        is_due
    }
}

const INTERVAL: Duration = Duration::from_secs(60);
