use sse_core::access::Outcome;

use super::{attempt::Attempt, ended::Ended};

impl Attempt {
    /// Ends the attempt once `outcome` is known. It counts as failed if the client leaves before that: otherwise
    /// guesses that are given up early would not be counted.
    pub(super) async fn follow(self, outcome: impl Future<Output = Ended>) -> Outcome {
        let mut unfinished = Unfinished(Some(self));
        let ended = outcome.await;
        let attempt = unfinished.0.take().expect("it is taken once");
        attempt.end(ended)
    }
}

/// Counts the attempt as failed when it is dropped.
struct Unfinished(Option<Attempt>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(attempt) = &self.0 {
            attempt.fail();
        }
    }
}
