use super::Wakers;

/// The streams that were ended together, and whose listeners have to be woken.
///
/// Dropping this wakes them too.
///
/// ```
/// # use std::time::Instant;
/// # use sse_core::{Hub, HubConfig, StringFormat, access::Revocation};
/// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
/// let ended = hub.revoke(&Revocation::subject("alice"), now)?;
/// assert_eq!(ended.count(), 0);
/// ended.wake();
/// # Ok::<(), sse_core::access::RevokeError>(())
/// ```
#[derive(Debug)]
#[must_use = "idle listeners wait until they are woken"]
pub struct EndedStreams {
    pub(super) count: usize,
    pub(super) wakers: Wakers,
}

impl EndedStreams {
    /// How many they are. Streams that were about to end anyway, such as that of a listener whose place another
    /// one has taken, are not among them.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The wakers of the listeners that were idle.
    pub fn into_wakers(self) -> Wakers {
        self.wakers
    }

    /// Wakes the listeners that were idle, from this thread.
    pub fn wake(self) {
        self.wakers.wake();
    }
}
