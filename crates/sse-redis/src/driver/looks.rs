//! What a node looks at now and then, since nobody tells it: who listens, which channels nobody uses any more, and
//! whether the last event of a channel has come.

use std::time::{Duration, Instant};

use super::{
    Driver, TICK,
    channels::{Reading, Subscription},
    jobs::Job,
};
use crate::{keys::Id, scripts::SCRIPTS};

/// When what is due.
#[derive(Debug)]
pub(super) struct Looks {
    next: Instant,
    /// How many channels are to be checked, in thousandths.
    checks: usize,
}

impl Looks {
    pub(super) fn new(now: Instant) -> Self {
        Self { next: now, checks: 0 }
    }

    pub(super) fn next(&self) -> Instant {
        self.next
    }
}

impl Driver {
    /// Looks at some channels, one after the other.
    pub(super) fn look(&mut self, now: Instant) {
        if now < self.looks.next {
            return;
        }
        self.looks.next = now + TICK;
        if self.leases.take_lapsed() {
            self.channels.forget_told();
        }
        for _ in 0..self.channels.len().min(MAX_LOOKS) {
            if let Some(id) = self.channels.next() {
                self.look_at(id, now);
            }
        }
        self.looks.checks += 1_000 * self.channels.len();
        let ticks = (BETWEEN_CHECKS.as_millis() / TICK.as_millis()) as usize;
        let due = (self.looks.checks / (1_000 * ticks)).min(self.channels.len());
        self.looks.checks -= due * 1_000 * ticks;
        for _ in 0..due {
            self.to_check.extend(self.channels.next());
        }
    }

    /// Tells Redis how many listen on a channel, and lets go of what nobody uses.
    pub(super) fn look_at(&mut self, id: Id, now: Instant) {
        let (Some(feed), Some(channel)) = (&self.feed, self.channels.get_mut(id)) else {
            return;
        };
        let is_used = feed.is_used(&channel.token);
        let listeners = if is_used { feed.listeners(&channel.token) } else { 0 };
        let has_changed = channel.told_listeners.replace(listeners) != Some(listeners);
        if is_used {
            channel.unused = None;
        } else if let Some(fence) = channel.fence.take() {
            self.release(id, fence);
        }
        if has_changed {
            self.tell_listeners(id, listeners);
        }
        let Some(channel) = self.channels.get_mut(id).filter(|_| !is_used) else {
            return;
        };
        let since = *channel.unused.get_or_insert(now);
        let is_busy = !channel.opening.is_empty()
            || 0 < channel.order.len()
            || channel.reading != Reading::Nothing
            || channel.subscription != Subscription::There;
        let may_go = KEEP <= now - since && !is_busy;
        if may_go && self.feed.as_ref().is_none_or(|feed| feed.forget(&channel.token)) {
            self.channels.remove(id);
            self.to_unsubscribe.push(id);
            self.note_channels();
        }
    }

    fn tell_listeners(&mut self, id: Id, listeners: usize) {
        let (key, node) = (self.shared.keys.counts(id), &*self.shared.node);
        let mut change = redis::cmd(if listeners == 0 { "HDEL" } else { "HSET" });
        change.arg(&key).arg(node);
        if 0 < listeners {
            change.arg(listeners);
            self.be_there(id);
        }
        self.outgoing.push_back((change, Job::Nothing));
        if 0 < listeners
            && let Some(ttl) = self.shared.config.forget_after()
        {
            let mut expire = redis::cmd("PEXPIRE");
            expire.arg(key).arg(ttl.as_millis() as u64);
            self.outgoing.push_back((expire, Job::Nothing));
        }
    }

    /// Asks where channels stand, so many at a time.
    pub(super) fn check_some(&mut self) {
        while self.checks < MAX_CHECKS
            && let Some(id) = self.to_check.pop_front()
        {
            let (Some(feed), Some(channel)) = (&self.feed, self.channels.get_mut(id)) else {
                continue;
            };
            let noted = channel.order.tail();
            let listeners = feed.listeners(&channel.token);
            channel.told_listeners = Some(listeners);
            if 0 < listeners {
                self.be_there(id);
            }
            let keys = &self.shared.keys;
            let mut call = SCRIPTS.check.on(&[keys.meta(id), keys.counts(id)]);
            let ttl = self.shared.config.forget_after();
            call.arg(&*self.shared.node).arg(listeners);
            super::asks::put(&mut call, ttl.map(|ttl| ttl.as_millis() as u64));
            self.checks += 1;
            self.outgoing.push_back((call, Job::Check { id, noted }));
        }
    }
}

/// How many channels are looked at in one tick: with more than that, what others are told of listeners is older.
const MAX_LOOKS: usize = 5_000;

/// How many answers about channels are waited for.
const MAX_CHECKS: usize = 1_024;

/// How often each channel is checked.
const BETWEEN_CHECKS: Duration = Duration::from_secs(35);

/// How long a channel that nobody uses is still listened to, since clients come back.
const KEEP: Duration = Duration::from_secs(30);
