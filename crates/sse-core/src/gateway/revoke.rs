use std::time::Instant;

use super::Gateway;
use crate::{
    access::{Revocation, RevokeError},
    hub::Wakers,
};

/// Grants that end before their time.
impl Gateway {
    /// Ends the streams of all who listen by a grant that `revocation` is for, and lets none of these grants
    /// count any more; what the authenticator remembers of them is forgotten. Wake the wakers, so that the
    /// streams end at once.
    ///
    /// A gateway is cloned for the price of a few pointers: keep a clone to revoke by.
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, access::Revocation};
    /// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
    /// # let gateway = Gateway::new(hub, GatewayConfig::default());
    /// gateway.revoke(&Revocation::subject("alice"), now)?.wake();
    /// # Ok::<(), sse_core::access::RevokeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RevokeError::Full`] if 100,000 are remembered already.
    pub fn revoke(&self, revocation: &Revocation, now: Instant) -> Result<Wakers, RevokeError> {
        let wakers = self.hub.revoke(revocation, now)?;
        if let Some(access) = &self.config.access {
            access.authenticator.forget(revocation);
        }
        Ok(wakers)
    }
}
