use std::{sync::Arc, time::Instant};

use http::request::Parts;
use sse_core::access::Denied;
#[cfg(feature = "http")]
use {crate::limits::Address, sse_core::gateway::RemoteAddr, std::net::IpAddr};

use crate::limits::{Client, Limits};
#[cfg(feature = "password")]
use crate::password::Failures;

/// An attempt of a client to authenticate.
#[derive(Clone)]
pub(super) struct Attempt {
    counted: Option<(Arc<Limits>, Client)>,
    #[cfg(feature = "http")]
    peer: Option<IpAddr>,
}

impl Attempt {
    pub(super) fn new(limits: Option<&Arc<Limits>>, parts: &Parts) -> Self {
        Self {
            counted: limits.and_then(|limits| Some((limits.clone(), limits.client(parts)?))),
            #[cfg(feature = "http")]
            peer: parts.extensions.get().map(|peer: &RemoteAddr| peer.addr().ip()),
        }
    }

    /// The address of the client, if it is known.
    #[cfg(feature = "http")]
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.counted.as_ref().map(|(_, client)| client.ip()).or(self.peer)
    }

    /// Who makes it, if there are limits for them.
    #[cfg(feature = "http")]
    pub(super) fn limited(&self) -> Option<Address> {
        let (_, client) = self.counted.as_ref()?;
        client.is_limited().then(|| client.ip().into())
    }

    /// Whether it may be made: not if too many have failed.
    pub(super) fn check(&self) -> Result<(), Denied> {
        let Some((limits, client)) = &self.counted else { return Ok(()) };
        let too_many = |retry_after| Denied::TooManyFailures { retry_after };
        limits.check_failures(*client, Instant::now()).map_err(too_many)
    }

    /// Counts it as failed.
    pub(super) fn fail(&self) {
        if let Some((limits, client)) = &self.counted {
            limits.count_failure(*client, Instant::now());
        }
    }
}

#[cfg(feature = "password")]
impl Failures for Attempt {
    fn check(&self) -> Result<(), Denied> {
        self.check()
    }

    fn count(&self) {
        self.fail();
    }
}
