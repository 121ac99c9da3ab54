//! How much one address and one subject may have.

mod address;
mod bucket;
mod forwarded;
mod gauge;
mod hops;
mod limiter;
mod table;
mod window;

mod clients;
pub use clients::{Client, ClientHeader};

mod connections;
pub use connections::Connection;

mod counts;
pub use counts::{Counts, Limit};

use std::{
    fmt,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use http::request::Parts;
use ipnet::IpNet;
use sse_core::gateway::RemoteAddr;

use self::{
    address::Address, bucket::Rate, clients::Clients, counts::Refusals, gauge::Gauge,
    window::PerMinute,
};

/// How much one address and one subject may have, and all of them together.
///
/// It is a [`Limiter`](sse_core::access::Limiter) for a gateway, the filter of a server's connections by
/// [`connect`](Self::connect), and counts the failures of an authenticator. One `Arc` of it does for all three.
/// It has no clock: time is handed in.
///
/// ```
/// use std::{sync::Arc, time::Instant};
/// use sse_access::limits::Limits;
///
/// let limits = Arc::new(
///     Limits::new()
///         .with_max_connections(18_000)
///         .with_max_listeners_per_address(200)
///         .with_trusted_proxy("10.0.0.0/8".parse()?),
/// );
/// // What a server asks about each connection.
/// let filter = {
///     let limits = limits.clone();
///     move |peer| limits.connect(peer, Instant::now())
/// };
/// let connection = filter(([192, 0, 2, 1], 40_000).into());
/// assert_eq!(limits.counts().connections, 1);
/// # drop(connection);
/// # Ok::<(), ipnet::AddrParseError>(())
/// ```
pub struct Limits {
    clients: Clients,
    max_connections: u32,
    max_connections_per_address: u32,
    max_listeners_per_address: u32,
    max_listeners_per_subject: u32,
    connection_rate: Option<Rate>,
    publish_rate: Option<Rate>,
    auth_failures: Option<PerMinute>,
    all_connections: Arc<Gauge<()>>,
    connections: Arc<Gauge<Address>>,
    listeners: Arc<Gauge<Address>>,
    subjects: Arc<Gauge<Arc<str>>>,
    refusals: Refusals,
}

impl Limits {
    /// The defaults, and no trusted proxy.
    pub fn new() -> Self {
        Self {
            clients: Clients::default(),
            max_connections: 0,
            max_connections_per_address: 1000,
            max_listeners_per_address: 1000,
            max_listeners_per_subject: 100,
            connection_rate: Rate::new(200),
            publish_rate: Rate::new(1000),
            auth_failures: PerMinute::new(60),
            all_connections: Arc::default(),
            connections: Arc::default(),
            listeners: Arc::default(),
            subjects: Arc::default(),
            refusals: Refusals::default(),
        }
    }

    /// Trusts the proxies of `net`: the requests that they pass on are of whom they name in the header.
    ///
    /// Such a proxy must set the header itself or append to it, or everybody can pretend to be somebody
    /// else. Loopback addresses have limits once they are named here, and none before.
    #[must_use]
    pub fn with_trusted_proxy(mut self, net: IpNet) -> Self {
        self.clients.trust(net);
        self
    }

    /// Sets in which header trusted proxies name their clients. Default: `X-Forwarded-For`.
    #[must_use]
    pub fn with_client_header(mut self, header: ClientHeader) -> Self {
        self.clients.read(header);
        self
    }

    /// Sets how many connections there may be in all; 0 for any number. Default: 0.
    ///
    /// Those of loopback addresses are counted, and let in all the same.
    #[must_use]
    pub fn with_max_connections(mut self, max: u32) -> Self {
        self.max_connections = max;
        self
    }

    /// Sets how many connections one address may have; 0 for any number. Default: 1,000.
    #[must_use]
    pub fn with_max_connections_per_address(mut self, max: u32) -> Self {
        self.max_connections_per_address = max;
        self
    }

    /// Sets how many new connections one address may have a second, and ten times as many at once; 0 for any
    /// number. Default: 200.
    ///
    /// A trusted proxy may have any number.
    #[must_use]
    pub fn with_connection_rate(mut self, max: u32) -> Self {
        self.connection_rate = Rate::new(max);
        self
    }

    /// Sets how many listeners one address may have; 0 for any number. Default: 1,000.
    #[must_use]
    pub fn with_max_listeners_per_address(mut self, max: u32) -> Self {
        self.max_listeners_per_address = max;
        self
    }

    /// Sets how many listeners may have grants of one subject; 0 for any number. Default: 100.
    #[must_use]
    pub fn with_max_listeners_per_subject(mut self, max: u32) -> Self {
        self.max_listeners_per_subject = max;
        self
    }

    /// Sets how many publications, and requests for tickets, one address may send a second, and ten times as
    /// many at once; 0 for any number. Default: 1,000.
    ///
    /// A batch is one: how much it may hold has limits of its own.
    #[must_use]
    pub fn with_publish_rate(mut self, max: u32) -> Self {
        self.publish_rate = Rate::new(max);
        self
    }

    /// Sets how many authentications of one address may fail within a minute; 0 for any number. Default: 60.
    #[must_use]
    pub fn with_max_auth_failures(mut self, max: u32) -> Self {
        self.auth_failures = PerMinute::new(max);
        self
    }

    /// Who sends a request, if its extensions say where it comes from: they hold a
    /// [`RemoteAddr`] or a [`Connection`].
    ///
    /// If they hold a `Connection`, and it is one of a trusted proxy that names a client, the connection counts
    /// no longer as one of the proxy's address: it carries those of many.
    pub fn client(&self, parts: &Parts) -> Option<Client> {
        let connection = parts.extensions.get::<Connection>();
        let remote = parts.extensions.get::<RemoteAddr>().map(RemoteAddr::addr);
        let peer = remote.or_else(|| connection.map(Connection::peer))?.ip();
        let Some(client) = self.clients.behind_peer(peer, &parts.headers) else {
            return Some(self.clients.at_peer(peer));
        };
        if let Some(connection) = connection {
            connection.carries_others();
        }
        Some(client)
    }

    /// Lets in a connection from `peer`, unless there are too many, or too many came a moment ago: then it is
    /// to be closed at once.
    ///
    /// Keep what this returns until the connection has ended, and put a clone into the extensions of each
    /// request on it; `sse_hyper::Server::with_connection_filter` does both.
    pub fn connect(&self, peer: SocketAddr, now: Instant) -> Option<Connection> {
        let refuse = |limit| self.refusals.add(limit, now);
        let client = self.clients.at_peer(peer.ip());
        let max = if client.is_limited() { self.max_connections } else { 0 };
        let Some(of_all) = self.all_connections.take((), max) else {
            refuse(Limit::Connections);
            return None;
        };
        if !client.is_limited() {
            return Some(Connection::new(peer, of_all, None));
        }
        let address = Address::from(client.ip());
        let of_address = self.connections.take(address, self.max_connections_per_address);
        if of_address.is_none() {
            refuse(Limit::ConnectionsPerAddress);
            return None;
        }
        if let Some(rate) = &self.connection_rate
            && !self.clients.is_trusted(client.ip())
            && rate.take(address, now).is_err()
        {
            refuse(Limit::ConnectionRate);
            return None;
        }
        Some(Connection::new(peer, of_all, of_address))
    }

    /// Whether `client` may try to authenticate: not once too many attempts have failed within a minute.
    ///
    /// Ask before any work is done for an attempt, and again where it had to wait for its turn: what is under
    /// way when the last permitted one fails is not counted yet.
    ///
    /// # Errors
    ///
    /// How long `client` has to wait.
    pub fn check_failures(&self, client: Client, now: Instant) -> Result<(), Duration> {
        let Some(failures) = self.auth_failures.as_ref().filter(|_| client.is_limited()) else {
            return Ok(());
        };
        failures
            .check(client.ip().into(), now)
            .inspect_err(|_| self.refusals.add(Limit::AuthFailures, now))
    }

    /// Counts an attempt of `client` to authenticate that has failed.
    pub fn count_failure(&self, client: Client, now: Instant) {
        if let Some(failures) = self.auth_failures.as_ref().filter(|_| client.is_limited()) {
            failures.count(client.ip().into(), now);
        }
    }

    /// What is held now, and how often each limit has refused something.
    pub fn counts(&self) -> Counts {
        Counts {
            connections: self.all_connections.all(),
            listeners: self.listeners.all(),
            refused: self.refusals.counts(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("clients", &self.clients)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
