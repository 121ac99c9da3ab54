use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use sse_core::{
    Token,
    store::{self, Facts, Unavailable},
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
        if catch_unwind(AssertUnwindSafe(|| self.call(outcome, shared))).is_err() {
            shared.watch.fail(Failure::Panicked);
        }
    }

    fn call(self, outcome: Outcome, shared: &Shared) {
        match self {
            Self::Caller(done) => done(outcome),
            Self::Hub(done) => done.tell(seam::outcome(outcome), Instant::now()),
            Self::Opened(token, done) => {
                done.tell(seam::facts(&token, outcome, shared), Instant::now());
            }
            Self::Read(read) => match outcome {
                Outcome::Safe(_) => shared.reads.put_back(read),
                Outcome::Refused(refused) => read.fail(seam::refusal(&refused)),
                Outcome::Unknown(_) => read.fail(seam::failed()),
            },
        }
    }
}
