//! The store as a hub sees it.

use std::time::{Duration, Instant, SystemTime};

use sse_core::{
    Token,
    store::{self, Entry, Facts, Page, Unavailable},
};

use crate::{
    Append, Durability, Known, Outcome, PageError, Refused, Store,
    append::Events,
    clock,
    done::Done,
    queue::{Change, Job},
    reads::Read,
    shared::Shared,
};

impl store::Store for Store {
    fn open(&self, token: &Token, done: store::Done<Result<Facts, Unavailable>>) {
        // With relaxed durability the writer may know more than is on disk.
        let is_strict = matches!(self.shared.durability, Durability::Strict);
        let change = Change::Begin(token.clone());
        if is_strict && let Some(known) = self.shared.channel(token) {
            if self.shared.is_stale(token) {
                // That it is in use is noted, and nobody waits for that.
                self.shared.put(Job { change, done: Done::Caller(Box::new(|_| {})) });
            }
            done.tell(Ok(known.into()), Instant::now());
            return;
        }
        self.shared.put(Job { change, done: Done::Opened(token.clone(), done) });
    }

    fn append(&self, append: store::Append, done: store::Done<store::Outcome>) {
        self.shared.put(Job { change: Change::Append(append.into()), done: Done::Hub(done) });
    }

    fn finish(&self, token: &Token, kept: Option<Duration>, done: store::Done<store::Outcome>) {
        let until = kept.map(|kept| {
            let kept = u64::try_from(kept.as_millis()).unwrap_or(u64::MAX);
            clock::now().saturating_add(kept)
        });
        let change = Change::Finish(token.clone(), until);
        self.shared.put(Job { change, done: Done::Hub(done) });
    }

    fn page(
        &self,
        token: &Token,
        after: u64,
        max_bytes: usize,
        done: store::Done<Result<Page, Unavailable>>,
    ) {
        self.shared.reads.push(Read::new(token.clone(), after, max_bytes, done));
    }
}

impl From<store::Append> for Append {
    fn from(append: store::Append) -> Self {
        Self {
            channel: append.token().clone(),
            retry: append.retry(),
            key: append.key().map(|(key, digest)| (key.as_str().into(), digest)),
            time: None,
            events: Events::Drafts(append.into_drafts()),
        }
    }
}

impl From<Known> for Facts {
    fn from(known: Known) -> Self {
        let left = |until: SystemTime| until.duration_since(SystemTime::now()).ok();
        Self::new(known.top)
            .with_first(known.first)
            .with_epochs(known.epochs)
            .with_retry(known.retry)
            .with_finished(known.finished.and_then(left))
    }
}

pub(crate) fn outcome(outcome: Outcome) -> store::Outcome {
    match outcome {
        Outcome::Safe(stored) => {
            let entries = stored.events.into_iter().map(|it| Entry::new(it.position, it.frame));
            let told = store::Stored::new(stored.position, entries.collect());
            store::Outcome::Stored(if stored.is_duplicate { told.with_duplicate() } else { told })
        }
        Outcome::Refused(refused) => store::Outcome::Refused(match refused {
            Refused::Finished { left } => store::Refused::Finished { left },
            Refused::KeyReused { .. } => store::Refused::KeyReused,
            refused => store::Refused::Unavailable(refusal(&refused)),
        }),
        Outcome::Unknown(_) => store::Outcome::Unknown(failed()),
    }
}

/// What is known of a channel that position 0 was asked for.
pub(crate) fn facts(
    token: &Token,
    outcome: Outcome,
    shared: &Shared,
) -> Result<Facts, Unavailable> {
    use Refused::{DiskFull, Failed, Finished};

    let known = shared.channel(token);
    match (outcome, known) {
        // What is on disk is known whatever becomes of position 0.
        (
            Outcome::Safe(_) | Outcome::Refused(DiskFull { .. } | Failed(_) | Finished { .. }),
            Some(known),
        ) => Ok(known.into()),
        // With relaxed durability it is told before it is on disk.
        (Outcome::Safe(stored), None) => stored.position.map(Facts::new).ok_or_else(failed),
        (Outcome::Refused(refused), _) => Err(refusal(&refused)),
        (Outcome::Unknown(_), _) => Err(failed()),
    }
}

/// Why nothing is taken. What a disk or a database says of itself is for the operator alone.
pub(crate) fn refusal(refused: &Refused) -> Unavailable {
    match refused {
        Refused::Failed(_) => failed(),
        refused => Unavailable::new(refused.to_string()),
    }
}

pub(crate) fn unreadable(error: &PageError) -> Unavailable {
    match error {
        PageError::Failed(_) => failed(),
        PageError::DiskFull => Unavailable::new(error.to_string()),
        PageError::Damaged { .. } => Unavailable::new("the history is damaged"),
    }
}

pub(crate) fn failed() -> Unavailable {
    Unavailable::new("the history has failed")
}

pub(crate) fn shut() -> Unavailable {
    Unavailable::new(Refused::Shut.to_string())
}

pub(crate) fn ended() -> Unavailable {
    Unavailable::new("the channel has ended")
}

pub(crate) fn too_many_reads(limit: usize) -> Unavailable {
    Unavailable::new(format!("{limit} pages of the history are being read, and no more may wait"))
}
