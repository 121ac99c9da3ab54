use std::{net::IpAddr, sync::Arc, time::Instant};

use http::request::Parts;
use sse_core::{
    access::{Denied, Outcome},
    gateway::RemoteAddr,
};

use crate::limits::{Client, Limits};

/// An attempt of a client to say who it is.
#[derive(Clone)]
pub(super) struct Attempt {
    counted: Option<(Arc<Limits>, Client)>,
    address: Option<IpAddr>,
}

impl Attempt {
    pub(super) fn new(limits: Option<&Arc<Limits>>, parts: &Parts) -> Self {
        let counted = limits.and_then(|limits| Some((limits.clone(), limits.client(parts)?)));
        let peer = || parts.extensions.get().map(|peer: &RemoteAddr| peer.addr().ip());
        let address = counted.as_ref().map(|(_, client)| client.ip()).or_else(peer);
        Self { counted, address }
    }

    /// Where it comes from, if that is known.
    #[cfg(feature = "http")]
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Whether it may be made: not once too many have failed.
    pub(super) fn check(&self) -> Result<(), Denied> {
        let Some((limits, client)) = &self.counted else { return Ok(()) };
        let too_many = |retry_after| Denied::TooManyFailures { retry_after };
        limits.check_failures(*client, Instant::now()).map_err(too_many)
    }

    /// Counts it as one that has failed.
    pub(super) fn fail(&self) {
        if let Some((limits, client)) = &self.counted {
            limits.count_failure(*client, Instant::now());
        }
    }

    /// What comes of it once `outcome` is known. If nobody waits for that, it has failed: those who guess would
    /// leave early.
    pub(super) async fn follow(self, outcome: impl Future<Output = Ended>) -> Outcome {
        let mut unfinished = Unfinished(Some(self));
        let ended = outcome.await;
        let attempt = unfinished.0.take().expect("it is taken once");
        attempt.end(ended)
    }

    pub(super) fn end(&self, ended: impl Into<Ended>) -> Outcome {
        let Ended { outcome, is_failure } = ended.into();
        if is_failure {
            self.fail();
        }
        outcome
    }
}

/// What comes of an attempt, and whether it counts as one that has failed: what is made up does, what was
/// valid once does not.
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

/// An attempt that has failed if this is dropped.
struct Unfinished(Option<Attempt>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(attempt) = &self.0 {
            attempt.fail();
        }
    }
}
