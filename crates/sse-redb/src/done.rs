use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use sse_core::{
    Token,
    store::{self, Facts, Told, Unavailable},
};

use crate::{Failure, Outcome, reads::Read, seam, shared::Shared};

/// The caller that is told what became of a change.
pub(crate) enum Done {
    Caller(Box<dyn FnOnce(Outcome) + Send>),
    Hub(store::Done<store::Outcome>),
    /// A hub that waits for position 0 of a channel.
    Opened(Token, store::Done<Result<Facts, Unavailable>>),
    /// A reader of what is not on disk yet.
    Read(Read),
}

impl Done {
    /// A callback that panics ends the store, but leaves nobody without an answer.
    pub(crate) fn tell(self, outcome: Outcome, shared: &Shared) {
        Self::tell_all([(self, outcome)], shared);
    }

    /// Those who wait are woken once all are told, so that a listener finds all that was stored together.
    pub(crate) fn tell_all(all: impl IntoIterator<Item = (Self, Outcome)>, shared: &Shared) {
        let careful = |act: &mut dyn FnMut()| {
            if catch_unwind(AssertUnwindSafe(act)).is_err() {
                shared.watch.fail(Failure::Panicked);
            }
        };
        let mut told = Vec::new();
        for (done, outcome) in all {
            let mut call = Some((done, outcome));
            careful(&mut || {
                told.extend(call.take().and_then(|(done, outcome)| done.call(outcome, shared)));
            });
        }
        careful(&mut || told.clear());
    }

    fn call(self, outcome: Outcome, shared: &Shared) -> Option<Told> {
        match self {
            Self::Caller(done) => done(outcome),
            Self::Hub(done) => return Some(done.tell(seam::outcome(outcome), Instant::now())),
            Self::Opened(token, done) => {
                return Some(done.tell(seam::facts(&token, outcome, shared), Instant::now()));
            }
            Self::Read(read) => match outcome {
                Outcome::Safe(_) => shared.reads.put_back(read),
                Outcome::Refused(refused) => read.fail(seam::refusal(&refused)),
                Outcome::Unknown(_) => read.fail(seam::failed()),
            },
        }
        None
    }
}
