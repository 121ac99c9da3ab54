use std::time::Duration;

use crate::{seen::Thing, world::World};

impl World {
    /// Time passes, and now and then somebody clears up.
    pub(crate) fn pass(&mut self) {
        let time = match self.random.below(30) {
            0 => Duration::from_secs(4_000),
            // To the very end of what is remembered, and beyond it.
            1 => Duration::from_secs(5),
            2..4 => Duration::from_secs(6),
            4 => Duration::from_secs(16),
            5..9 => Duration::from_millis(100),
            _ => Duration::from_millis(self.random.below(10) as u64),
        };
        self.now += time;
        if self.random.once_in(2) {
            self.come();
            self.hub.expire(self.now);
            self.go_refused();
        }
        let is_drained = self.model.drained.is_some_and(|at| at + self.settings.drain <= self.now);
        if is_drained && self.random.once_in(4) {
            // Whoever has not been looked at since does not know yet.
            self.shut_down();
            self.restart();
        }
    }

    /// Every stream ends at an instant of its own, and nobody is let in.
    pub(crate) fn drain(&mut self) {
        self.hub.drain(self.settings.drain, self.now).wake();
        self.model.drained = Some(self.now);
        for who in 0..self.connections.len() {
            if self.model.is_here(who) {
                self.assert_woken(who);
            }
        }
        self.seen.note(Thing::Drained, 1);
    }

    pub(crate) fn shut_down(&mut self) {
        self.hub.shutdown().wake();
        for who in 0..self.connections.len() {
            if self.model.is_here(who) {
                self.assert_woken(who);
            }
        }
        self.model.shut_down();
        let told = self.told();
        assert_eq!(told, std::mem::take(&mut self.model.cut), "who was cut at the end");
        self.is_over = true;
    }
}
