use std::{fmt, sync::Arc, time::Duration};

use http::HeaderValue;

use super::{Cors, Hosts};
use crate::{
    access::{Access, Limiter},
    hub::BodyBounds,
};

/// Where a gateway is mounted and what it takes in. [`Gateway::reconfigure`](crate::Gateway::reconfigure) changes it
/// while the gateway is used.
///
/// ```
/// use std::{fmt, sync::Arc, time::Duration};
/// use sse_core::GatewayConfig;
///
/// let config = GatewayConfig::default()
///     .with_prefix("/events")?
///     .with_max_body(64 << 10)
///     .with_body_timeout(Duration::from_secs(10));
/// # Ok::<(), sse_core::gateway::GatewayError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    pub(super) prefix: String,
    pub(super) root: HeaderValue,
    pub(super) max_body: u64,
    pub(super) max_bodies: usize,
    pub(super) body_timeout: Duration,
    pub(super) cors: Option<Cors>,
    pub(super) hosts: Option<Hosts>,
    pub(super) takes_other_sites: bool,
    pub(super) access: Option<Access>,
    pub(super) limiter: Option<SharedLimiter>,
}

impl GatewayConfig {
    /// Sets the path before the two segments of every route. Default: none.
    ///
    /// It is compared as it stands, so it has to be percent-encoded as clients send it.
    ///
    /// # Errors
    ///
    /// [`GatewayError::Prefix`] if it does not begin with `/` or holds what no path can.
    pub fn with_prefix(mut self, prefix: &str) -> Result<Self, GatewayError> {
        let refused = || GatewayError::Prefix { prefix: prefix.to_owned() };
        let trimmed = prefix.trim_end_matches('/');
        let is_path = trimmed.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte));
        if !is_path || !(trimmed.is_empty() || trimmed.starts_with('/')) {
            return Err(refused());
        }
        self.root = HeaderValue::try_from(format!("{trimmed}/")).map_err(|_| refused())?;
        trimmed.clone_into(&mut self.prefix);
        Ok(self)
    }

    /// Sets the longest body of a POST, in bytes. Default: 1 MiB.
    #[must_use]
    pub fn with_max_body(mut self, max_body: u64) -> Self {
        self.max_body = max_body;
        self
    }

    /// Sets how many bytes all bodies may take together that are arriving, counted as they come. Default:
    /// 64 MiB.
    ///
    /// Beyond it the answer is 503 with `Retry-After`. The bodies of one connection, where its
    /// [`RemoteAddr`](crate::gateway::RemoteAddr) is known, may take an eighth of it. Both are raised to
    /// [`Self::with_max_body`] where they are less, so that one body always fits.
    #[must_use]
    pub fn with_max_bodies(mut self, max_bodies: usize) -> Self {
        self.max_bodies = max_bodies;
        self
    }

    /// Sets how long the body of a POST may take to arrive. Default: 30 s; at most a year.
    #[must_use]
    pub fn with_body_timeout(mut self, body_timeout: Duration) -> Self {
        self.body_timeout = body_timeout.min(YEAR);
        self
    }

    /// Sets which pages of other origins may listen, publish and read answers. Default: nothing is said,
    /// so none.
    #[must_use]
    pub fn with_cors(mut self, cors: Cors) -> Self {
        self.cors = Some(cors);
        self
    }

    /// Sets under which hosts the server may be asked; for any other the answer is 403. Default: any.
    ///
    /// A server that only its own machine can reach needs it: a page of the internet whose name resolves
    /// to a loopback address could otherwise read everything.
    #[must_use]
    pub fn with_hosts(mut self, hosts: Hosts) -> Self {
        self.hosts = Some(hosts);
        self
    }

    /// Sets who may listen and publish. Default: everybody, everything.
    ///
    /// Without it a request with a [`Grant`](crate::access::Grant) in its extensions, where middleware has put it, may
    /// do only what that permits, and a request without one may do everything.
    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    /// Sets the limiter, which says how much one client may do. Default: none.
    #[must_use]
    pub fn with_limiter(mut self, limiter: impl Limiter) -> Self {
        self.limiter = Some(SharedLimiter(Arc::new(limiter)));
        self
    }

    /// Sets whether browsers may listen and publish for pages of any other site. Default: no, the answer
    /// is 403, unless [`Self::with_cors`] allows their origin.
    ///
    /// A form of any page can send a POST, and the page need not read the answer. So allow it only where
    /// something else tells the requests of your own pages from those of others.
    #[must_use]
    pub fn with_other_sites(mut self, are_taken: bool) -> Self {
        self.takes_other_sites = are_taken;
        self
    }

    /// The same, mounted where `other` is.
    pub(super) fn mounted_as(self, other: &Self) -> Self {
        Self { prefix: other.prefix.clone(), root: other.root.clone(), ..self }
    }

    /// How much bodies may take.
    pub(super) fn body_bounds(&self) -> BodyBounds {
        let longest = usize::try_from(self.max_body).unwrap_or(usize::MAX);
        BodyBounds::new(self.max_bodies, longest)
    }
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            root: HeaderValue::from_static("/"),
            max_body: 1 << 20,
            max_bodies: 64 << 20,
            body_timeout: Duration::from_secs(30),
            cors: None,
            hosts: None,
            takes_other_sites: false,
            access: None,
            limiter: None,
        }
    }
}

#[derive(Clone)]
pub(super) struct SharedLimiter(pub(super) Arc<dyn Limiter>);

impl fmt::Debug for SharedLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limiter")
    }
}

/// Short enough to be added to any instant.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Why a gateway cannot be configured so.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// A prefix that no path can begin with.
    #[error("the prefix {prefix:?} is no path: `/`, then visible ASCII without `?` and `#`")]
    Prefix {
        /// The refused prefix.
        prefix: String,
    },
}
