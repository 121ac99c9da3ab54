use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use sse_core::access::Denied;

use super::{
    ended::Ended,
    tokens::{Tokens, ended, no_grants},
};
use crate::{JwtError, Keys, RemoteKeys};

/// Keys that are fetched, and the keys that are configured.
#[derive(Debug)]
pub(super) struct Remote {
    keys: Arc<RemoteKeys>,
    own: Arc<Keys>,
    /// The version of the keys that tokens are verified with.
    version: AtomicU64,
}

impl Remote {
    /// Whether a token that is refused for `error` may be signed with a key that has not been fetched yet.
    pub(super) fn may_have_key(&self, error: &JwtError) -> bool {
        match error {
            JwtError::UnknownKey => true,
            JwtError::Algorithm | JwtError::Signature => self.keys.version() == 0,
            _ => false,
        }
    }
}

impl Tokens {
    /// Also verifies with `keys`.
    pub(super) fn with_remote_keys(mut self, keys: Arc<RemoteKeys>) -> Self {
        let own = self.jwt.keys();
        self.remote = Some(Remote { keys, own, version: AtomicU64::new(0) });
        self
    }

    /// Takes over the keys that were fetched meanwhile.
    pub(super) fn renew(&self) {
        let Some(remote) = &self.remote else { return };
        let is_current = || remote.keys.version() == remote.version.load(Ordering::Acquire);
        if is_current() {
            return;
        }
        let mut grants = self.grants.write().unwrap_or_else(PoisonError::into_inner);
        if is_current() {
            return;
        }
        let (version, keys) = remote.keys.latest();
        self.jwt.set_keys(remote.own.iter().chain(keys.iter()).cloned().collect());
        *grants = no_grants();
        remote.version.store(version, Ordering::Release);
    }

    /// Lets the keys be fetched again, and verifies `token` with them.
    pub(super) async fn look_again(&self, remote: &Remote, token: &str) -> Ended {
        if !remote.keys.look_again().await {
            return Ended { outcome: Err(Denied::Unavailable), is_failure: false };
        }
        self.renew();
        ended(self.verify(token, &self.grants()))
    }
}
