use std::{
    fmt,
    time::{Duration, Instant},
};

use super::{Entry, Told};
use crate::{
    Token,
    access::{Revocation, RevokeError},
    history::Position,
    hub::{Hub, WeakHub},
};

/// The way of a shared [`Store`](super::Store) to its hub: what other processes have done.
///
/// What is told of one channel is told in the order in which it happened, with what the hub itself has asked for. Each
/// method may take the locks of the hub for as long as a publication does. Once the hub is gone nothing happens.
#[derive(Clone)]
pub struct Feed {
    hub: WeakHub,
}

impl Feed {
    pub(crate) fn new(hub: WeakHub) -> Self {
        Self { hub }
    }

    /// Others have published `entries` on the channel `token`, or set its reconnection time. Events that the channel
    /// has already are not published again, and where some are missing before them its listeners read those from the
    /// store.
    pub fn publish(
        &self,
        token: &Token,
        entries: Vec<Entry>,
        retry: Option<Duration>,
        now: Instant,
    ) -> Told {
        self.with(|hub| hub.receive(token, entries, retry, now))
    }

    /// The newest event of the channel `token` is at `position`: listeners who have not read up to there read from the
    /// store.
    pub fn catch_up(&self, token: &Token, position: Position) -> Told {
        self.with(|hub| hub.receive_top(token, position))
    }

    /// Others have finished the channel `token`, which takes nothing for `left`; `None` if it may begin anew at once.
    pub fn finish(&self, token: &Token, left: Option<Duration>, now: Instant) -> Told {
        self.with(|hub| hub.receive_end(token, left, now))
    }

    /// The store has lost something that it has told of the channel `token`: the streams break, and each client that
    /// comes back is told what it may have missed.
    pub fn break_off(&self, token: &Token) -> Told {
        self.with(|hub| hub.receive_loss(token))
    }

    /// Another process has claimed the channel `token`: its listener is told that it was replaced.
    pub fn replace(&self, token: &Token) -> Told {
        self.with(|hub| hub.receive_successor(token))
    }

    /// Others have revoked grants: see [`Hub::revoke`].
    ///
    /// # Errors
    ///
    /// Those of [`Hub::revoke`].
    pub fn revoke(&self, revocation: &Revocation, now: Instant) -> Result<Told, RevokeError> {
        self.hub.upgrade().map_or_else(
            || Ok(Told::default()),
            |hub| Ok(Told::from(hub.revoke(revocation, now)?.into_wakers())),
        )
    }

    /// How many listen on the channel `token` here.
    pub fn listeners(&self, token: &Token) -> usize {
        self.hub.upgrade().map_or(0, |hub| hub.listeners(token))
    }

    /// Whether anybody listens on the channel `token` here, or waits for the store to listen then.
    pub fn is_used(&self, token: &Token) -> bool {
        self.hub.upgrade().is_some_and(|hub| hub.is_used(token))
    }

    /// Nothing more will be told of the channel `token`: the hub forgets it, unless it is used. Returns whether it has
    /// nothing of it now, and so will [open](super::Store::open) it before anybody listens.
    pub fn forget(&self, token: &Token) -> bool {
        self.hub.upgrade().is_none_or(|hub| hub.forget(token))
    }

    fn with(&self, act: impl FnOnce(&Hub) -> Told) -> Told {
        self.hub.upgrade().map_or_else(Told::default, |hub| act(&hub))
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}
