//! How much one address and one subject may have, so that nobody takes what others need.
//!
//! | limit | default | beyond it |
//! |---|--:|---|
//! | connections in all | none; `eventsource-server`: nine tenths of the descriptors | closed at once |
//! | connections of one address | 1,000 | closed at once |
//! | new connections of one address a second, ten times as many at once | 200 | closed at once |
//! | listeners of one address | 1,000 | 503 |
//! | listeners of one subject | 100 | 503 |
//! | publications of one address a second, ten times as many at once | 1,000 | 429 |
//! | failed authentications of one address a minute | 60 | 429 |
//!
//! An address is one of IPv4, or a network of 64 bits of IPv6, which is the least that a home or an office has. 0
//! turns a limit off. [`Limits::counts`] says how much each limit has refused. The log gets a line about each
//! limit at most once a minute, which has the number of refusals and no address.
//!
//! # How the defaults were chosen
//!
//! They are far above what people do and far below what a server can bear, so that a public server works without
//! setting them. Figures without a source were measured by the program below in 2026-11.
//!
//! **Connections and listeners of one address: 1,000.** An office, a school or a part of a mobile network, with
//! hundreds of people, can be behind one address. A browser opens at most 6 connections to a host over HTTP/1.1.
//! So there is room for 166 people who use all of theirs, or for 1,000 with one stream each. Over HTTP/2 all tabs
//! of a browser share one connection. A listener costs the server up to 8 KiB of memory
//! (`benches/fanout/RESULTS.md`) and a descriptor. So one address takes 8 MB and 1,000 descriptors at most.
//!
//! **New connections of one address: 200 a second, 2,000 at once.** When a server or something in front of it
//! restarts, all clients come back at once. The burst is twice the number of connections that one address may
//! have, so that its clients can do so twice. A connection that opens a stream costs 70 µs of a processor, and one
//! that is closed at once 30 µs. So one address takes 1.4 % of a processor.
//!
//! **Connections in all.** Once all descriptors are in use, new connections wait in the queue of the system, and
//! their clients for an answer. The last tenth is for files, and for connections that the server itself opens.
//!
//! **Listeners of one subject: 100.** A subject is a person or a device: some tabs in some browsers, and connections
//! that are broken but not found to be. A token that has leaked cannot serve a crowd.
//!
//! **Publications of one address: 1,000 a second, 10,000 at once.** A busy page or sensor sends tens a second. A
//! server that publishes for all others is often on the same machine, where there is no limit. Otherwise it can send
//! batches, each of which counts as one publication. A publication to one listener costs 16 µs of a processor
//! (`benches/server/RESULTS.md`). So one address takes 1.6 % of a processor, and its burst a sixth of a second.
//!
//! **Failed authentications of one address: 60 a minute.** Somebody who mistypes a password needs ten, and each tab
//! of a page whose token has ended comes back a few times a minute. Checking a password with argon2id takes 30 ms
//! (`benches/password/RESULTS.md`) and 19 MiB. So one address takes 3 % of a processor. At this rate 31 million
//! passwords can be tried in a year, which finds a word of a dictionary, but not 8 random letters.
//!
//! The minute begins with the first failure, so the 61st attempt within it is refused however slowly they come.
//! An authenticator that remembers credentials which have succeeded accepts these without asking, even while
//! somebody behind the same address guesses.
//!
//! # Proxies
//!
//! No limit applies to connections from loopback addresses. All clients behind a proxy have its address. So name the
//! proxy with [`Limits::with_trusted_proxy`], even if it is on the same machine. The client is then the rightmost
//! address in the header that is not a trusted proxy. All lines of the header are read, from the right. A value
//! that is not an address (`unknown`, or a name that hides one) ends the search, and the address on its right is the
//! client. Without the header the proxy itself is the client.
//!
//! A connection from a trusted proxy counts for the address of the proxy, and as a new one, until a request on it
//! names a client. It then carries the requests of many, and counts as neither. A proxy that forwards TCP without
//! a header is one client like any other. In that case turn the limits by address off, and set limits in the proxy.
//!
//! Requests over a Unix socket and under `axum::serve` have no address, unless something puts a [`RemoteAddr`] into
//! their extensions, as a listener of your own can. Only the limit of their subject applies then.
//!
//! # What it costs
//!
//! Memory is bounded whatever addresses come. Numbers of connections and listeners are kept only for addresses that
//! have some. Each rate, and the failures, are kept for 65,536 addresses, in at most 3 MB. When more addresses are
//! active at a time, those that have done the least are forgotten and start anew. Nobody is refused because many
//! others are active: otherwise an attacker with many addresses could lock everybody out.
//!
//! Admitting a publication takes 660 instructions, a listener 2,400 with its end, a connection 2,000 with its end,
//! and finding the client behind a proxy 1,100 more (callgrind, 2026-11).
//!
//! 15,000 connections of one address, opened as fast as two processors can, changed this for the others (`cargo
//! run --release -p sse-access --example crowd`, 2026-11, the crowd on the same two processors):
//!
//! | 200 events a second from one address to another | before | while the crowd came | beside those let in |
//! |---|--:|--:|--:|
//! | half arrive within | 0.14 ms | 0.18 ms | 0.15 ms |
//! | 99 of 100 arrive within | 0.18 ms | 0.35 ms | 0.20 ms |
//! | memory of the server | 4.8 MB | | 12.4 MB |
//!
//! 14,000 of them were closed, and the server used 0.5 s of a processor for all of them. Without limits it held
//! 117 MB.

mod address;
pub(crate) use address::Address;

mod allowed;
mod bounds;
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
use connections::Counted;

mod counts;
pub use counts::{Counts, Limit};

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use http::request::Parts;
use sse_core::gateway::RemoteAddr;

use self::{bounds::Bounds, bucket::Buckets, counts::Refusals, gauge::Gauge, window::PerMinute};

/// How much one address and one subject may have, and all of them together.
///
/// One `Arc` of it serves as the [`Limiter`](sse_core::access::Limiter) of a gateway, as the filter of a server's
/// connections ([`connect`](Self::connect)), and as the counter of an authenticator's failures. It has no clock:
/// time is handed in.
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
    bounds: RwLock<Arc<Bounds>>,
    new_connections: Buckets,
    publications: Buckets,
    auth_failures: PerMinute,
    all_connections: Arc<Gauge<()>>,
    connections: Arc<Gauge<Address>>,
    listeners: Arc<Gauge<Address>>,
    subjects: Arc<Gauge<Arc<str>>>,
    refusals: Refusals,
}

impl Limits {
    /// The default limits, without a trusted proxy.
    pub fn new() -> Self {
        Self {
            bounds: RwLock::default(),
            new_connections: Buckets::new(),
            publications: Buckets::new(),
            auth_failures: PerMinute::new(),
            all_connections: Arc::default(),
            connections: Arc::default(),
            listeners: Arc::default(),
            subjects: Arc::default(),
            refusals: Refusals::default(),
        }
    }

    fn bounds(&self) -> Arc<Bounds> {
        self.bounds.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The client that sends a request; `None` if the extensions hold neither a [`RemoteAddr`] nor a [`Connection`].
    ///
    /// If they hold a `Connection` from a trusted proxy, and the request names a client, the connection no longer
    /// counts for the proxy's address, nor as a new one, because it carries the requests of many.
    pub fn client(&self, parts: &Parts) -> Option<Client> {
        self.client_within(&self.bounds(), parts)
    }

    fn client_within(&self, bounds: &Bounds, parts: &Parts) -> Option<Client> {
        let connection = || parts.extensions.get::<Connection>();
        let peer = match parts.extensions.get::<RemoteAddr>() {
            Some(remote) => remote.addr(),
            None => connection()?.peer(),
        };
        let Some(client) = bounds.clients.behind_peer(peer.ip(), &parts.headers) else {
            return Some(bounds.clients.at_peer(peer.ip()));
        };
        if let Some(connection) = connection()
            && connection.carries_others()
            && let Some(rate) = bounds.connection_rate
        {
            self.new_connections.give_back(connection.peer().ip().into(), rate);
        }
        Some(client)
    }

    /// Admits a connection from `peer`. `None` if there are too many, or too many have come in a short time: then
    /// close it at once.
    ///
    /// Keep what this returns until the connection has ended, and put a clone into the extensions of each
    /// request on it; `sse_hyper::Server::with_connection_filter` does both.
    #[must_use = "a connection counts until this is dropped"]
    pub fn connect(&self, peer: SocketAddr, now: Instant) -> Option<Connection> {
        let refuse = |limit| self.refusals.add(limit, now);
        let bounds = self.bounds();
        let client = bounds.clients.at_peer(peer.ip());
        let max = if client.is_limited() { bounds.max_connections } else { 0 };
        let Some(of_all) = self.all_connections.take((), max) else {
            refuse(Limit::Connections);
            return None;
        };
        let mut counted = Counted::new(peer, of_all);
        if !client.is_limited() {
            return Some(counted.into());
        }
        if !counted.join_address(&self.connections, bounds.max_connections_per_address) {
            refuse(Limit::ConnectionsPerAddress);
            return None;
        }
        if let Some(rate) = bounds.connection_rate
            && self.new_connections.take(peer.ip().into(), rate, now).is_err()
        {
            refuse(Limit::ConnectionRate);
            return None;
        }
        Some(counted.into())
    }

    /// Whether `client` may try to authenticate: not if too many attempts have failed within a minute.
    ///
    /// Call it before doing any work for an attempt, and again after the attempt has waited for its turn: others may
    /// have failed meanwhile.
    ///
    /// # Errors
    ///
    /// How long `client` has to wait.
    pub fn check_failures(&self, client: Client, now: Instant) -> Result<(), Duration> {
        let max = self.bounds().max_auth_failures;
        if max == 0 || !client.is_limited() {
            return Ok(());
        }
        self.auth_failures
            .check(client.ip().into(), max, now)
            .inspect_err(|_| self.refusals.add(Limit::AuthFailures, now))
    }

    /// Counts an attempt of `client` to authenticate that has failed.
    pub fn count_failure(&self, client: Client, now: Instant) {
        if self.bounds().max_auth_failures != 0 && client.is_limited() {
            self.auth_failures.count(client.ip().into(), now);
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
            .field("bounds", &self.bounds())
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
