use std::sync::{Arc, PoisonError};

use ipnet::IpNet;

use super::{ClientHeader, Limit, Limits, bounds::Bounds, bucket::Rate};

/// How much is allowed, and how that changes.
impl Limits {
    /// Trusts the proxies in `net`: the client of a request that they pass on is the one that they name in the
    /// header.
    ///
    /// Such a proxy must set the header itself or append to it. Otherwise every client can pretend to be another.
    /// Naming loopback addresses here makes the limits apply to them.
    #[must_use]
    pub fn with_trusted_proxy(self, net: IpNet) -> Self {
        self.with(|bounds| bounds.clients.trust(net))
    }

    /// Sets in which header trusted proxies name their clients. Default: `X-Forwarded-For`.
    #[must_use]
    pub fn with_client_header(self, header: ClientHeader) -> Self {
        self.with(|bounds| bounds.clients.read(header))
    }

    /// Sets how many connections there may be in all; 0 for any number. Default: 0.
    ///
    /// Connections from loopback addresses count, but are never refused.
    #[must_use]
    pub fn with_max_connections(self, max: u32) -> Self {
        self.with(|bounds| bounds.max_connections = max)
    }

    /// Sets how many connections one address may have; 0 for any number. Default: 1,000.
    #[must_use]
    pub fn with_max_connections_per_address(self, max: u32) -> Self {
        self.with(|bounds| bounds.max_connections_per_address = max)
    }

    /// Sets how many new connections one address may have a second, and ten times as many at once; 0 for any
    /// number. Default: 200.
    #[must_use]
    pub fn with_connection_rate(self, max: u32) -> Self {
        self.with(|bounds| bounds.connection_rate = Rate::new(max))
    }

    /// Sets how many listeners one address may have; 0 for any number. Default: 1,000.
    #[must_use]
    pub fn with_max_listeners_per_address(self, max: u32) -> Self {
        self.with(|bounds| bounds.max_listeners_per_address = max)
    }

    /// Sets how many listeners may have grants of one subject; 0 for any number. Default: 100.
    #[must_use]
    pub fn with_max_listeners_per_subject(self, max: u32) -> Self {
        self.with(|bounds| bounds.max_listeners_per_subject = max)
    }

    /// Sets how many publications, and requests for tickets, one address may send a second, and ten times as
    /// many at once; 0 for any number. Default: 1,000.
    ///
    /// A batch counts as one: its size has limits of its own.
    #[must_use]
    pub fn with_publish_rate(self, max: u32) -> Self {
        self.with(|bounds| bounds.publish_rate = Rate::new(max))
    }

    /// Sets how many authentications of one address may fail within a minute; 0 for any number. Default: 60.
    #[must_use]
    pub fn with_max_auth_failures(self, max: u32) -> Self {
        self.with(|bounds| bounds.max_auth_failures = max)
    }

    fn with(self, set: impl FnOnce(&mut Bounds)) -> Self {
        set(Arc::make_mut(&mut *self.bounds.write().unwrap_or_else(PoisonError::into_inner)));
        self
    }

    /// Takes over the limits of `limits`, with the proxies that it trusts, for what comes from now on.
    ///
    /// Connections and listeners stay, even if there are more than the new limits allow: a lower limit refuses
    /// newcomers until there is room again. What was counted before, such as failed attempts, still counts.
    ///
    /// ```
    /// # use std::time::Instant;
    /// use sse_access::limits::Limits;
    ///
    /// # let now = Instant::now();
    /// let limits = Limits::new();
    /// let peers = [40_000, 40_001, 40_002].map(|port| ([192, 0, 2, 1], port).into());
    /// let earlier = peers.map(|peer| limits.connect(peer, now).expect("there may be 1,000"));
    ///
    /// limits.reconfigure(Limits::new().with_max_connections_per_address(2));
    ///
    /// assert_eq!(limits.counts().connections, 3);
    /// assert!(limits.connect(peers[0], now).is_none());
    /// # drop(earlier);
    /// ```
    pub fn reconfigure(&self, limits: Self) {
        let bounds = limits.bounds.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.bounds.write().unwrap_or_else(PoisonError::into_inner) = bounds;
    }

    /// How much `limit` allows; `None` for any number.
    ///
    /// ```
    /// use sse_access::limits::{Limit, Limits};
    ///
    /// let limits = Limits::new().with_max_connections(18_000).with_publish_rate(0);
    /// assert_eq!(limits.max(Limit::Connections), Some(18_000));
    /// assert_eq!(limits.max(Limit::ConnectionRate), Some(200));
    /// assert_eq!(limits.max(Limit::PublishRate), None);
    /// ```
    pub fn max(&self, limit: Limit) -> Option<u32> {
        self.bounds().max(limit)
    }
}
