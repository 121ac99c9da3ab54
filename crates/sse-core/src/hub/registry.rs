use std::collections::HashMap;

use super::{
    channel::Channel,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak},
};
use crate::Token;

/// The channels that are open, by token.
///
/// A channel closes itself under its own lock, and is taken out of here afterwards. In between it
/// is found but answers that it is closed: then it is looked up again, or replaced. The two locks
/// are only ever taken in this order: registry, channel.
#[derive(Debug)]
pub(super) struct Registry(RwLock<Channels>);

impl Registry {
    pub(super) fn find(&self, token: &Token) -> Option<Arc<Channel>> {
        self.read().by_token.get(token).cloned()
    }

    /// All channels that may hold something, those that are ending too.
    pub(super) fn all(&self) -> Vec<Arc<Channel>> {
        let channels = self.read();
        let ending = channels.ending.iter().filter_map(Weak::upgrade);
        channels.by_token.values().cloned().chain(ending).collect()
    }

    pub(super) fn is_open(&self) -> bool {
        self.read().is_open
    }

    pub(super) fn len(&self) -> usize {
        self.read().by_token.len()
    }

    /// The channels that have a token.
    pub(super) fn named(&self) -> Vec<Arc<Channel>> {
        self.read().by_token.values().cloned().collect()
    }

    /// What `visit` makes of the channel `token`, or `None` if there is none that is open.
    pub(super) fn visit<T>(
        &self,
        token: &Token,
        mut visit: impl FnMut(&Channel) -> Option<T>,
    ) -> Option<(Arc<Channel>, T)> {
        let mut channel = self.find(token)?;
        loop {
            if let Some(answer) = visit(&channel) {
                return Some((channel, answer));
            }
            let successor = self.find(token)?;
            if Arc::ptr_eq(&channel, &successor) {
                return None;
            }
            channel = successor;
        }
    }

    /// What `join` makes of the channel `token`, or of a new one if there is none that is open, up
    /// to `max` of them.
    pub(super) fn join<T, E: From<Full>>(
        &self,
        token: &Token,
        max: usize,
        mut join: impl FnMut(&Channel) -> Option<Result<T, E>>,
        new: impl FnOnce() -> Channel,
    ) -> Result<(Arc<Channel>, T), E> {
        if let Some((channel, joined)) = self.visit(token, &mut join) {
            return Ok((channel, joined?));
        }
        let mut channels = self.write();
        if !channels.is_open {
            return Err(Full::Shutdown.into());
        }
        let known = channels.by_token.get(token);
        if let Some(channel) = known
            && let Some(joined) = join(channel)
        {
            return Ok((channel.clone(), joined?));
        }
        if known.is_none() && max <= channels.by_token.len() {
            return Err(Full::Channels.into());
        }
        let channel = Arc::new(new());
        let joined = join(&channel).expect("a new channel is open")?;
        channels.by_token.insert(token.clone(), channel.clone());
        Ok((channel, joined))
    }

    /// Takes `channel` out, unless its token names a newer one by now.
    pub(super) fn forget(&self, channel: &Arc<Channel>) {
        let mut channels = self.write();
        let by_token = &mut channels.by_token;
        if by_token.get(channel.token()).is_some_and(|known| Arc::ptr_eq(known, channel)) {
            by_token.remove(channel.token());
        }
    }

    /// Counts `channel`, whose listeners still have to read its end, although it gives its token up.
    pub(super) fn retire(&self, channel: &Arc<Channel>) {
        let mut channels = self.write();
        let ending = &mut channels.ending;
        if ending.len() == ending.capacity() {
            ending.retain(|channel| 0 < channel.strong_count());
        }
        ending.push(Arc::downgrade(channel));
    }

    /// Refuses new channels from now on; returns those there are.
    pub(super) fn refuse(&self) -> Vec<Arc<Channel>> {
        let mut channels = self.write();
        channels.is_open = false;
        channels.by_token.values().cloned().collect()
    }

    /// Refuses new channels from now on and takes out all there are.
    pub(super) fn close(&self) -> Vec<Arc<Channel>> {
        let mut channels = self.write();
        channels.is_open = false;
        channels.by_token.drain().map(|(_, channel)| channel).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Channels> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Channels> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Registry {
    fn default() -> Self {
        let channels = Channels { is_open: true, by_token: HashMap::new(), ending: Vec::new() };
        Self(RwLock::new(channels))
    }
}

/// Why there is no new channel.
#[derive(Clone, Copy, Debug)]
pub(super) enum Full {
    /// There are as many as there may be.
    Channels,
    /// There will be none any more.
    Shutdown,
}

#[derive(Debug)]
struct Channels {
    is_open: bool,
    by_token: HashMap<Token, Arc<Channel>>,
    /// Channels without a token, whose logs count against the total all the same.
    ending: Vec<Weak<Channel>>,
}
