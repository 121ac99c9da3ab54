use std::time::Instant;

use super::{EndedStreams, Hub, Wakers};
use crate::access::{Grant, Revocation, RevokeError};

/// Grants that end before their time.
impl Hub {
    /// Revokes the grants that `revocation` matches: the streams of their listeners end, and nobody can listen
    /// with them any more. Wake what this returns, so that the streams end at once.
    ///
    /// [`Gateway::revoke`](crate::Gateway::revoke) does this and also lets the authenticator forget the grants.
    ///
    /// ```
    /// # use std::{task::Waker, time::Instant};
    /// # use sse_core::{
    /// #     Hub, HubConfig, StringFormat, Token,
    /// #     access::{Grant, Permissions, Revocation},
    /// #     channel::{CloseReason, Output},
    /// #     history::Start,
    /// #     hub::SubscribeError,
    /// # };
    /// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
    /// let (token, start) = (Token::new("42")?, Start::default());
    /// let alice = Grant::new(Permissions::all()).with_subject("alice");
    /// let mut listener = hub.subscribe_granted(&token, &start, Some(&alice), now)?;
    /// # let _opening = listener.poll_output(Waker::noop(), now);
    ///
    /// let ended = hub.revoke(&Revocation::subject("alice"), now)?;
    /// assert_eq!(ended.count(), 1);
    /// ended.wake();
    ///
    /// let end = listener.poll_output(Waker::noop(), now);
    /// assert_eq!(end, Output::Write("event: sse.expired\ndata: {}\n\n".into()));
    /// let end = listener.poll_output(Waker::noop(), now);
    /// assert_eq!(end, Output::Close(CloseReason::Revoked));
    ///
    /// let again = hub.subscribe_granted(&token, &start, Some(&alice), now);
    /// assert_eq!(again.unwrap_err(), SubscribeError::GrantEnded);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
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
        // A listener that comes meanwhile finds this or is found below.
        self.shared.revocations.add(revocation, now)?;
        let (mut count, mut wakers) = (0, Vec::new());
        for (cell, key) in self.shared.granted.find(revocation) {
            let (ended, effects) = cell.revoke(key, revocation);
            count += ended;
            self.note(&cell, effects, &mut Vec::new());
            wakers.push((cell, effects.tickets));
        }
        if !wakers.is_empty() {
            // What is left of channels that nobody listens on now is remembered.
            self.make_room(None, &mut Vec::new());
        }
        self.shared.watchers.wake();
        Ok(EndedStreams { count, wakers: Wakers::new(wakers) })
    }

    /// Whether `grant` has ended or was revoked.
    pub(crate) fn has_ended(&self, grant: &Grant, now: Instant) -> bool {
        grant.has_ended(now) || self.shared.revocations.have(grant, now)
    }
}
