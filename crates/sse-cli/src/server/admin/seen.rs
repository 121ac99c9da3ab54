use std::sync::{Arc, OnceLock};

use sse_access::limits::Limits;
use sse_core::Hub;
use sse_hyper::ServerHandle;

use super::{
    process,
    readiness::{Readiness, State},
};

/// What the operator looks at.
#[derive(Clone, Debug)]
pub(in crate::server) struct Seen {
    pub(super) hub: Arc<Hub>,
    pub(super) limits: Arc<Limits>,
    /// The server of the public address, once it is bound.
    pub(super) server: Arc<OnceLock<ServerHandle>>,
    pub(super) readiness: Readiness,
    /// When the process began, in seconds since the beginning of 1970.
    pub(super) started: f64,
}

impl Seen {
    pub(in crate::server) fn new(hub: Arc<Hub>, limits: Arc<Limits>) -> Self {
        let (server, readiness) = (Arc::default(), Readiness::default());
        Self { hub, limits, server, readiness, started: process::unix_time() }
    }

    /// The public address is bound.
    pub(in crate::server) fn serve(&self, server: ServerHandle) {
        self.server.get_or_init(|| server);
        self.readiness.enter(State::Serving);
    }

    /// The server ends its streams.
    pub(in crate::server) fn drain(&self) {
        self.readiness.enter(State::Draining);
    }
}
