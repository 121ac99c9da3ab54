use sse_core::access::Outcome;

use super::{attempt::Attempt, ended::Ended};

impl Attempt {
    /// What comes of it once `outcome` is known. If nobody waits for that, it has failed: those who guess would
    /// leave early.
    pub(super) async fn follow(self, outcome: impl Future<Output = Ended>) -> Outcome {
        let mut unfinished = Unfinished(Some(self));
        let ended = outcome.await;
        let attempt = unfinished.0.take().expect("it is taken once");
        attempt.end(ended)
    }
}

/// An attempt that has failed if this is dropped.
struct Unfinished(Option<Attempt>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(attempt) = &self.0 {
            attempt.fail();
        }
    }
}
