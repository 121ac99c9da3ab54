use sse_core::access::{Denied, Outcome};

use super::attempt::Attempt;

impl Attempt {
    /// Ends the attempt, and counts it if it has failed.
    pub(super) fn end(&self, ended: impl Into<Ended>) -> Outcome {
        let Ended { outcome, is_failure } = ended.into();
        if is_failure {
            self.fail();
        }
        outcome
    }
}

/// The outcome of an attempt, and whether it counts as failed. A credential that was valid once does not.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) is_failure: bool,
}

impl From<Outcome> for Ended {
    fn from(outcome: Outcome) -> Self {
        let is_failure = outcome == Err(Denied::Unauthorized);
        Self { outcome, is_failure }
    }
}
