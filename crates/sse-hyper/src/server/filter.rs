use std::{fmt, net::SocketAddr, sync::Arc};

use http::Extensions;

use super::listener::{Peer, Told};

/// Chooses which connections are served. The default is all of them.
#[derive(Clone, Default)]
pub(super) struct Filter(Option<Arc<Choose>>);

type Choose = dyn Fn(SocketAddr) -> Option<Arc<dyn Told>> + Send + Sync;

impl Filter {
    pub(super) fn new<G: Told + 'static>(
        choose: impl Fn(SocketAddr) -> Option<G> + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(move |peer| Some(Arc::new(choose(peer)?)))))
    }

    /// The guard of the connection from `peer`; `None` if it is not to be served.
    pub(super) fn let_in(&self, peer: &Peer) -> Option<Guard> {
        match (&self.0, peer) {
            (Some(choose), Peer::Tcp(remote)) => Some(Guard(Some(choose(remote.addr())?))),
            _ => Some(Guard(None)),
        }
    }
}

/// What a filter has returned for a connection. It is dropped with the last clone.
#[derive(Clone)]
pub(super) struct Guard(Option<Arc<dyn Told>>);

impl Guard {
    pub(super) fn tell(&self, extensions: &mut Extensions) {
        if let Some(guard) = &self.0 {
            // Without the dereferences, the pointer itself would go into the extensions.
            (**guard).tell(extensions);
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
