use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use sse_core::access::{Denied, Grant, Revocation, Verdict};
use tracing::debug;

#[cfg(feature = "http")]
use super::remote::Remote;
use super::{attempt::Attempt, ended::Ended};
use crate::{
    Jwt, JwtError,
    cache::{DEFAULT_CAPACITY, VerdictCache},
};

/// The grants of tokens, by the tokens themselves. A digest of a token would cost more than everything else that is
/// done for it, and would hide nothing: tokens are in the buffers of connections, too.
pub(super) type Grants = VerdictCache<Box<str>>;

/// Verifies tokens, and remembers the grants of those that are valid.
pub(super) struct Tokens {
    pub(super) jwt: Jwt,
    /// It is replaced together with the keys, so that no grant outlives the key that it was verified with.
    pub(super) grants: RwLock<Arc<Grants>>,
    #[cfg(feature = "http")]
    pub(super) remote: Option<Remote>,
}

impl Tokens {
    pub(super) fn new(jwt: Jwt) -> Self {
        Self {
            jwt,
            grants: RwLock::new(no_grants()),
            #[cfg(feature = "http")]
            remote: None,
        }
    }

    /// The verdict on `token`; `attempt` is called unless it is remembered.
    pub(super) fn check<'a>(
        &'a self,
        token: &'a str,
        attempt: impl FnOnce() -> Attempt,
    ) -> Verdict<'a> {
        #[cfg(feature = "http")]
        self.renew();
        let grants = self.grants();
        if let Some(known) = grants.find(token, Instant::now()) {
            return Verdict::ready(known.map(Some));
        }
        let attempt = attempt();
        if let Err(denied) = attempt.check() {
            return Verdict::ready(Err(denied));
        }
        let verified = self.verify(token, &grants);
        #[cfg(feature = "http")]
        if let Some(remote) = &self.remote
            && let Err(error) = &verified
            && remote.may_have_key(error)
        {
            return Verdict::pending(attempt.follow(self.look_again(remote, token)));
        }
        Verdict::ready(attempt.end(ended(verified)))
    }

    pub(super) fn verify(&self, token: &str, grants: &Grants) -> Result<Grant, JwtError> {
        let now = Instant::now();
        let grant = self.jwt.verify(token, now)?;
        if let Some(end) = grant.end() {
            grants.insert(token.into(), Ok(grant.clone()), end, now);
        }
        Ok(grant)
    }

    pub(super) fn forget(&self, revocation: &Revocation) {
        self.grants().forget(revocation);
    }

    pub(super) fn grants(&self) -> Arc<Grants> {
        self.grants.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Tokens");
        shown.field("jwt", &self.jwt);
        #[cfg(feature = "http")]
        shown.field("remote", &self.remote);
        shown.finish_non_exhaustive()
    }
}

pub(super) fn no_grants() -> Arc<Grants> {
    Arc::new(VerdictCache::new(DEFAULT_CAPACITY))
}

pub(super) fn ended(verified: Result<Grant, JwtError>) -> Ended {
    match verified {
        Ok(grant) => Ended { outcome: Ok(Some(grant)), is_failure: false },
        Err(error) => {
            debug!("a token is refused: {error}");
            Ended { outcome: Err(Denied::Unauthorized), is_failure: !error.is_genuine() }
        }
    }
}
