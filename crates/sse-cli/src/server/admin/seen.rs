use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sse_access::{Reachability, Unreachable, limits::Limits};
use sse_core::{Gateway, Hub};
use sse_hyper::ServerHandle;
use tokio::sync::mpsc;

use super::{
    process,
    readiness::{Readiness, State},
};
use crate::server::histories::Histories;

/// What the operator looks at, and what acts on it.
#[derive(Clone, Debug)]
pub(in crate::server) struct Seen {
    pub(super) hub: Arc<Hub>,
    pub(super) limits: Arc<Limits>,
    pub(super) public: Arc<OnceLock<Public>>,
    pub(super) readiness: Readiness,
    /// When the process began, in seconds since the beginning of 1970.
    pub(super) started: f64,
    /// What the access control asks.
    dependencies: Arc<Mutex<Vec<Reachability>>>,
    reloads: Arc<Reloads>,
    drains: mpsc::Sender<Option<Duration>>,
    pub(super) histories: Histories,
}

/// How often files were read again.
#[derive(Debug, Default)]
struct Reloads {
    done: AtomicU64,
    refused: AtomicU64,
}

/// What serves the public address, once that is bound.
#[derive(Debug)]
pub(super) struct Public {
    pub(super) server: ServerHandle,
    pub(super) gateway: Gateway,
}

/// Where the operator's wish to end the server arrives, with the time that it is to take if one was named.
pub(in crate::server) type Drains = mpsc::Receiver<Option<Duration>>;

impl Seen {
    pub(in crate::server) fn new(
        hub: Arc<Hub>,
        limits: Arc<Limits>,
        histories: Histories,
    ) -> (Self, Drains) {
        let (public, readiness) = (Arc::default(), Readiness::default());
        let (drains, asked) = mpsc::channel(1);
        let seen = Self {
            hub,
            limits,
            public,
            readiness,
            started: process::unix_time(),
            dependencies: Arc::default(),
            reloads: Arc::default(),
            drains,
            histories,
        };
        (seen, asked)
    }

    /// Replaces what has to be reachable for the server to be ready.
    pub(in crate::server) fn depend_on(&self, dependencies: Vec<Reachability>) {
        *self.dependencies.lock().unwrap_or_else(PoisonError::into_inner) = dependencies;
    }

    /// Whether all of that is reachable.
    pub(super) fn check_dependencies(&self, now: Instant) -> Result<(), Unreachable> {
        let dependencies = self.dependencies.lock().unwrap_or_else(PoisonError::into_inner);
        dependencies.iter().try_for_each(|dependency| dependency.check(now))
    }

    /// Files were read again, and hold if that `is_done`.
    pub(in crate::server) fn note_reload(&self, is_done: bool) {
        let Reloads { done, refused } = &*self.reloads;
        let count = if is_done { done } else { refused };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// How often files were read again and hold, and how often that was refused.
    pub(super) fn reloads(&self) -> [u64; 2] {
        let Reloads { done, refused } = &*self.reloads;
        [done, refused].map(|count| count.load(Ordering::Relaxed))
    }

    /// The public address is bound.
    pub(in crate::server) fn serve(&self, server: ServerHandle, gateway: Gateway) {
        self.public.get_or_init(|| Public { server, gateway });
        self.readiness.serve();
    }

    /// The server ends its streams.
    pub(in crate::server) fn drain(&self) {
        // If the operator asked for it, it drains already.
        let _drains_already = self.readiness.drain();
    }

    /// Has the server end its streams because nothing can be stored any more. False while it starts.
    pub(in crate::server) fn end_after_failure(&self) -> bool {
        !matches!(self.ask_to_drain(None), Err(DrainError::Starting(_)))
    }

    pub(super) fn public(&self) -> Result<&Public, Starting> {
        self.public.get().ok_or(Starting)
    }

    /// Has the server end its streams, over `window` if there is one. Only the first request counts.
    pub(super) fn ask_to_drain(&self, window: Option<Duration>) -> Result<(), DrainError> {
        match self.readiness.drain() {
            Ok(()) => {}
            Err(State::Starting) => return Err(Starting.into()),
            Err(_) => return Err(DrainError::Draining),
        }
        self.drains.try_send(window).map_err(|_ending| DrainError::Draining)
    }
}

/// There is nothing to act on yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("starting: the server does not serve yet")]
pub(super) struct Starting;

/// Why the server does not begin to drain.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum DrainError {
    #[error(transparent)]
    Starting(#[from] Starting),
    #[error("draining already: the server ends its streams, and then stops")]
    Draining,
}
