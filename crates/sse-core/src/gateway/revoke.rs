use std::time::Instant;

use super::Gateway;
use crate::{
    access::{Revocation, RevokeError},
    hub::EndedStreams,
};

/// Grants that end before their time.
impl Gateway {
    /// Revokes the grants that `revocation` matches: their streams end, requests with them are refused, and the
    /// authenticator forgets them. Wake what this returns, so that the streams end at once.
    ///
    /// A clone of a gateway is cheap: keep one for this.
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
    /// [`RevokeError::Full`] if 100,000 revocations are remembered already.
    pub fn revoke(
        &self,
        revocation: &Revocation,
        now: Instant,
    ) -> Result<EndedStreams, RevokeError> {
        let ended = self.hub.revoke(revocation, now)?;
        if let Some(access) = &self.config.get().access {
            access.authenticator.forget(revocation);
        }
        Ok(ended)
    }
}
