use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use sse_core::{
    access::Revocation,
    store::{Done, Store as _},
};
use sse_redis::{Counts, StartError, Status, Store};
use tokio::{sync::oneshot, time::timeout};

use super::RedisConfig;
use crate::exit::Failure;

/// The histories in the Redis of `--redis`, which this process and others use.
#[derive(Debug)]
pub(in crate::server) struct Redis {
    pub(super) store: Arc<Store>,
}

impl Redis {
    /// Begins to connect. Within a runtime.
    pub(in crate::server) fn start(config: &RedisConfig) -> Result<Arc<Self>, Failure> {
        let store = Store::start(config.store.clone()).map_err(Failure::failed)?;
        Ok(Arc::new(Self { store: Arc::new(store) }))
    }

    /// What a hub keeps its histories in.
    pub(in crate::server) fn store(&self) -> Arc<dyn sse_core::store::Store> {
        self.store.clone()
    }

    pub(in crate::server) fn counts(&self) -> Counts {
        self.store.counts()
    }

    /// What is wrong now, if anything is.
    pub(in crate::server) fn trouble(&self) -> Option<Trouble> {
        Trouble::of(self.store.status())
    }

    /// Has all servers take a grant for revoked that is revoked here.
    pub(in crate::server) async fn revoke(
        &self,
        revocation: &Revocation,
        now: Instant,
    ) -> Result<(), Unheard> {
        let (tell, told) = oneshot::channel();
        // Who asked may be gone.
        let done = Done::new(move |outcome, _| drop(tell.send(outcome)));
        self.store.revoke(revocation, done, now);
        match timeout(PATIENCE, told).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(unavailable))) => Err(Unheard(unavailable.to_string())),
            Ok(Err(_)) => Err(Unheard("Redis cannot be used".to_owned())),
            Err(_) => Err(Unheard("Redis does not answer".to_owned())),
        }
    }

    /// Carries through what was asked for, and lets other servers know that this one is gone. Fails if Redis cannot be
    /// used any more.
    pub(in crate::server) async fn end(&self, is_patient: bool) -> Result<(), Failure> {
        if let Some(failed @ Trouble::Failed(_)) = self.trouble() {
            return Err(Failure::failed(failed));
        }
        let patience = if is_patient { PATIENCE } else { SHORT_PATIENCE };
        if timeout(patience, self.store.end()).await.is_err() {
            tracing::warn!(
                "Redis does not answer, so other servers learn only later that this one is gone"
            );
        }
        Ok(())
    }
}

/// Why other servers do not know yet of a grant that is revoked here.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "it is revoked at this server, and at the others once they can be told: {0}; this goes on being tried"
)]
pub(in crate::server) struct Unheard(String);

/// Why nothing is stored now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::server) enum Trouble {
    /// It is tried again.
    Away(Arc<str>),
    /// Nothing is stored any more.
    Failed(StartError),
}

impl Trouble {
    pub(super) fn of(status: Status) -> Option<Self> {
        match status {
            Status::Away { reason } => Some(Self::Away(reason)),
            Status::Failed(error) => Some(Self::Failed(error)),
            _ => None,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(reason) => write!(f, "Redis is away: {reason}"),
            Self::Failed(error) => write!(f, "--redis: {error}"),
        }
    }
}

impl std::error::Error for Trouble {}

/// How long Redis may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same where something has failed already, or a second signal came.
const SHORT_PATIENCE: Duration = Duration::from_secs(1);
