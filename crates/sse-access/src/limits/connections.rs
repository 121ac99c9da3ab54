use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::{address::Address, gauge::Place};

/// A connection that is counted, until its last clone is dropped.
///
/// It belongs into the extensions of the requests that come on the connection: see
/// [`Limits::connect`](super::Limits::connect).
///
/// ```
/// use std::time::Instant;
/// use sse_access::limits::Limits;
///
/// let limits = Limits::new().with_max_connections_per_address(1);
/// let peer = ([192, 0, 2, 1], 40_000).into();
/// let connection = limits.connect(peer, Instant::now()).expect("it is the first one");
/// assert_eq!(connection.peer(), peer);
///
/// assert!(limits.connect(peer, Instant::now()).is_none());
/// drop(connection);
/// assert!(limits.connect(peer, Instant::now()).is_some());
/// ```
#[derive(Clone, Debug)]
pub struct Connection(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    peer: SocketAddr,
    /// Until it is known that others are behind the peer.
    of_address: Mutex<Option<Place<Address>>>,
    _of_all: Place<()>,
}

impl Connection {
    pub(super) fn new(
        peer: SocketAddr,
        of_all: Place<()>,
        of_address: Option<Place<Address>>,
    ) -> Self {
        Self(Arc::new(Counted { peer, of_address: Mutex::new(of_address), _of_all: of_all }))
    }

    /// The address at its other end.
    pub fn peer(&self) -> SocketAddr {
        self.0.peer
    }

    /// It carries the requests of others, and does not count for its address any more. Returns whether it
    /// did.
    pub(super) fn carries_others(&self) -> bool {
        let place = self.0.of_address.lock().unwrap_or_else(PoisonError::into_inner).take();
        place.is_some()
    }
}
