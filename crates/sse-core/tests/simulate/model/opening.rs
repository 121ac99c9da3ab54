use std::time::Instant;

use sse_core::{access::Grant, channel::Mode};

use super::{Channel, Life, Model, Place, Reason};

impl Model {
    /// A channel of `token` is open, in the life that is called `epoch`: the one that a tombstone tells of,
    /// or a new one.
    pub(crate) fn open(&mut self, token: usize, epoch: &str, now: Instant) {
        assert!(self.open[token].is_none());
        let life = match self.resting(token) {
            Some(life) => {
                assert_eq!(
                    self.lives[token][life].epoch, epoch,
                    "the life of the tombstone goes on"
                );
                life
            }
            None => {
                let is_new = self.lives[token].iter().all(|life| life.epoch != epoch);
                assert!(is_new || epoch.is_empty(), "an old life without a tombstone");
                self.lives[token].push(Life::new(epoch.to_owned()));
                self.lives[token].len() - 1
            }
        };
        self.tombstones[token] = None;
        let next = self.lives[token][life].top() + 1;
        self.open[token] = Some(self.channels.len());
        self.live.push(self.channels.len());
        self.channels.push(Channel::new(token, life, next, now));
    }

    /// A listener begins after event `after` of the open channel of a token. Those whose channel it takes
    /// over leave.
    pub(crate) fn enter(
        &mut self,
        (token, after): (usize, u64),
        grant: Option<Grant>,
        first_block: String,
        now: Instant,
    ) {
        let channel = self.open[token].expect("it is open");
        let mut cursor = self.channels[channel].behind();
        if self.settings.is_takeover(token) {
            self.dismiss(channel, Reason::Replaced);
            self.tidy(channel);
        }
        if self.settings.mode(token) == Mode::Exclusive {
            // One whose grant has ended does not keep the token.
            self.expire_all(channel, now);
        }
        cursor.event = after + 1;
        self.places.push(Place::new((channel, cursor), grant, first_block, now));
        self.channels[channel].used = now;
        self.tidy(channel);
    }

    /// A listener's connection is gone.
    pub(crate) fn leave(&mut self, who: usize) {
        let channel = self.places.swap_remove(who).channel;
        self.desert(channel);
        self.tidy(channel);
        self.last = None;
    }

    /// A channel is closed by the finish action.
    pub(crate) fn close(&mut self, token: usize, now: Instant) {
        let until = self.settings.closed_ttl.map(|ttl| now + ttl);
        let rested = self.resting(token);
        self.tombstones[token] = None;
        let mut life = rested;
        if let Some(channel) = self.open[token] {
            self.end(channel, Reason::Finished);
            life = Some(self.channels[channel].life);
        }
        if let (Some(life), Some(until)) = (life, until) {
            self.lay(token, life, Some(until));
        }
    }

    /// All channels end.
    pub(crate) fn shut_down(&mut self) {
        for channel in self.open.clone().into_iter().flatten() {
            self.end(channel, Reason::Shutdown);
        }
        self.tombstones.fill(None);
    }

    /// Another hub has taken the place of the one that has ended.
    pub(crate) fn restart(&mut self) {
        self.drained = None;
        self.published = 0;
        self.revoked.clear();
    }

    /// A listener's own end of the drain has come, when it is looked at.
    pub(crate) fn drain(&mut self, who: usize) {
        let channel = self.places[who].channel;
        let end = self.channels[channel].behind();
        self.places[who].leave(end, Reason::Drained);
        self.left(channel);
    }

    /// The channel gives way to another that was used longest ago of those that nobody listens on.
    pub(crate) fn give_way(&mut self) {
        let idle = self.open.iter().flatten().filter(|&&channel| self.here_in(channel) == 0);
        let oldest = idle.min_by_key(|&&channel| (self.channels[channel].used, channel));
        self.forget(*oldest.expect("nobody listens on one of them"));
    }

    /// A channel that is open for nobody and for nothing is gone.
    pub(super) fn desert(&mut self, channel: usize) {
        let it = &self.channels[channel];
        let is_remembering = self.settings.history.is_some() && it.is_remembering();
        if it.is_open && self.here_in(channel) == 0 && !is_remembering {
            self.forget(channel);
        }
    }

    fn forget(&mut self, channel: usize) {
        self.end(channel, Reason::Finished);
        if self.settings.history.is_some() {
            let Channel { token, life, .. } = self.channels[channel];
            self.lay(token, life, None);
        }
    }

    /// A channel gives its token up, and remembers nothing more.
    fn end(&mut self, channel: usize, reason: Reason) {
        self.dismiss(channel, reason);
        self.channels[channel].close();
        self.open[self.channels[channel].token] = None;
        // What was remembered is only there to be read now.
        self.overrun(channel);
        self.tidy(channel);
    }

    /// Everyone who is here leaves, once it has read what there is now.
    fn dismiss(&mut self, channel: usize, reason: Reason) {
        let at = self.channels[channel].behind();
        for place in self.places.iter_mut().filter(|place| place.channel == channel) {
            place.leave(at, reason);
        }
    }
}
