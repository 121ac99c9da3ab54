use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::{address::Address, gauge::Place};

/// A connection that is counted, until its last clone is dropped.
///
/// Put a clone into the extensions of each request on the connection: see
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
    /// Taken away when a request shows that the peer is a proxy with others behind it.
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

    /// The address of its peer.
    pub fn peer(&self) -> SocketAddr {
        self.0.peer
    }

    /// Stops counting it for its address, because it carries the requests of others. Returns whether it did
    /// count.
    pub(super) fn carries_others(&self) -> bool {
        let place = self.0.of_address.lock().unwrap_or_else(PoisonError::into_inner).take();
        place.is_some()
    }
}
