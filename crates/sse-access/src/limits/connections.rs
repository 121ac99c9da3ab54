use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    address::Address,
    gauge::{Gauge, Place},
};

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
pub(super) struct Counted {
    peer: SocketAddr,
    /// Where it counts for its address: nowhere once a request shows that the peer is a proxy with others behind
    /// it. There may be very many connections, so that this is not a place, which would hold the address once more.
    of_address: Mutex<Option<Arc<Gauge<Address>>>>,
    _of_all: Place<()>,
}

impl Connection {
    /// The address of its peer.
    pub fn peer(&self) -> SocketAddr {
        self.0.peer
    }

    /// Stops counting it for its address, because it carries the requests of others. Returns whether it did
    /// count.
    pub(super) fn carries_others(&self) -> bool {
        self.0.leave_address()
    }
}

impl From<Counted> for Connection {
    fn from(counted: Counted) -> Self {
        Self(Arc::new(counted))
    }
}

impl Counted {
    pub(super) fn new(peer: SocketAddr, of_all: Place<()>) -> Self {
        Self { peer, of_address: Mutex::default(), _of_all: of_all }
    }

    /// Counts it for its address, unless that has `max` already.
    pub(super) fn join_address(&mut self, gauge: &Arc<Gauge<Address>>, max: u32) -> bool {
        let has_room = gauge.add(self.address(), max);
        if has_room {
            self.of_address = Mutex::new(Some(gauge.clone()));
        }
        has_room
    }

    fn leave_address(&self) -> bool {
        let gauge = self.of_address.lock().unwrap_or_else(PoisonError::into_inner).take();
        gauge.inspect(|gauge| gauge.remove(&self.address())).is_some()
    }

    fn address(&self) -> Address {
        self.peer.ip().into()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.leave_address();
    }
}
