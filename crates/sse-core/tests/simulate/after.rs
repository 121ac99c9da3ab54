use std::{cell::Cell, rc::Rc, sync::Arc, time::Instant};

use sse_core::{
    Hub,
    history::{Since, Start},
    hub::{ChannelInfo, Counts},
};

use crate::{model::Cut, settings::Settings};

/// The hub once it has made room, which says what it has chosen to let go.
pub(crate) struct After<'a> {
    hub: Arc<Hub>,
    settings: Rc<Settings>,
    pub(crate) counts: Counts,
    channels: Vec<ChannelInfo>,
    /// Whom it has cut since somebody came to it.
    pub(crate) cut: &'a Cut,
    pub(crate) now: Instant,
    /// Whether it has also let go of tombstones that were over age.
    pub(crate) has_expired: bool,
    may_ask: bool,
    has_asked: Cell<bool>,
}

impl<'a> After<'a> {
    pub(crate) fn new(
        (hub, settings): (&Arc<Hub>, &Rc<Settings>),
        cut: &'a Cut,
        (has_expired, may_ask): (bool, bool),
        now: Instant,
    ) -> Self {
        Self {
            hub: hub.clone(),
            settings: settings.clone(),
            counts: hub.counts(),
            channels: hub.channels(),
            cut,
            now,
            has_expired,
            may_ask,
            has_asked: Cell::new(false),
        }
    }

    /// How many events the channel of a token holds, and how many bytes to be read and to be remembered.
    pub(crate) fn held(&self, token: usize) -> Option<(usize, usize, usize)> {
        let name = self.settings.token(token);
        let info = self.channels.iter().find(|info| info.token == *name);
        info.map(|info| (info.events, info.unread_bytes, info.history_bytes))
    }

    /// The first event that the channel of a token remembers, if it may be asked, since it forgets then what
    /// is over age.
    pub(crate) fn first(&self, token: usize) -> Option<u64> {
        if !self.may_ask {
            return None;
        }
        self.has_asked.set(true);
        let start = Start::default().with_since(Since::Earliest);
        let checked = self.hub.check_subscribe(self.settings.token(token), &start, self.now);
        Some(checked.ok()??.anchor().seq() + 1)
    }

    pub(crate) fn has_asked(&self) -> bool {
        self.has_asked.get()
    }
}
