use std::time::Instant;

use super::{Channel, ChannelConfig};

/// What a channel remembers has an end: by age, and where all channels together remember too much.
impl Channel {
    /// Forgets what is over age at `now`, and the channel itself if nothing is left.
    pub(crate) fn forget_old(&mut self, config: &ChannelConfig, now: Instant) {
        let Some(history) = config.history.as_ref().filter(|_| self.is_open()) else {
            return;
        };
        if let Some(keys) = &mut self.keys {
            keys.expire(history.key_window, now);
        }
        let is_over = |at: Instant| {
            history.max_age.is_some_and(|age| age <= now.saturating_duration_since(at))
        };
        if self.retry.is_some_and(|(_, at)| is_over(at)) {
            self.retry = None;
        }
        self.log.settle(now);
        self.give_back(config);
    }

    /// Forgets the older half of the events, or of the keys where there are no events.
    pub(crate) fn shrink(&mut self, config: &ChannelConfig) {
        if 0 < self.log.history_cost() {
            self.log.shrink();
        } else if let Some(keys) = &mut self.keys {
            keys.halve();
        }
        self.give_back(config);
    }

    /// Whether the channel has to stay: someone listens, or something is remembered.
    pub(super) fn is_needed(&self) -> bool {
        let has_keys = || self.keys.as_ref().is_some_and(|keys| 0 < keys.cost());
        let is_remembering = || {
            self.log.window().is_some()
                && (0 < self.log.history_cost() || has_keys() || self.retry.is_some())
        };
        0 < self.listeners.here() || self.is_joined() || is_remembering()
    }

    /// When nothing will be remembered any more, unless something is for ever or nothing is now.
    pub(crate) fn deadline(&self, config: &ChannelConfig) -> Option<Instant> {
        let history = config.history.as_ref()?;
        let retry = self.retry.map(|(_, at)| at);
        let events = self.log.youngest().filter(|_| 0 < self.log.history_cost());
        let keys = self.keys.as_ref().and_then(|keys| keys.youngest());
        let by_age = retry.max(events).map(|at| at.checked_add(history.max_age?));
        let by_window = keys.map(|at| at.checked_add(history.key_window));
        let mut last = None;
        for deadline in [by_age, by_window].into_iter().flatten() {
            last = last.max(Some(deadline?));
        }
        last
    }

    /// What is not remembered any more may have to be read, and is bounded then.
    fn give_back(&mut self, config: &ChannelConfig) {
        self.keys.take_if(|keys| keys.cost() == 0);
        self.bound(config);
        self.forget_if_deserted(config);
    }
}
