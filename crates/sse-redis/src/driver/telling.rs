//! In which order the hub is told what is known of a channel.

use std::time::{Duration, Instant};

use sse_core::store::{Outcome, Stored};

use super::{Driver, channels::Reading, jobs::Job};
use crate::{
    ask::Then,
    keys::Id,
    order::{Item, Need},
    shared::count,
};

impl Driver {
    /// Takes what has come of a channel, and tells what can be told.
    pub(super) fn put(&mut self, id: Id, item: Item<Then>, now: Instant) {
        let Some(channel) = self.channels.get_mut(id) else {
            // Nobody listens here.
            return self.tell(id, item.told, false, now);
        };
        if let Then::Published(_) = &item.told
            && MAX_EARLY <= channel.order.len()
        {
            // It is read with what is missing before it.
            return self.settle(id, now);
        }
        channel.order.put(item);
        self.settle(id, now);
    }

    /// Tells what can be told of a channel, and has what is missing read.
    pub(super) fn settle(&mut self, id: Id, now: Instant) {
        if !self.is_claim_sure(id, now) {
            return;
        }
        while let Some((told, is_new)) =
            self.channels.get_mut(id).and_then(|channel| channel.order.take())
        {
            self.tell(id, told, is_new, now);
        }
        let Some(channel) = self.channels.get_mut(id) else {
            return;
        };
        match (channel.order.need(), channel.reading) {
            (Need::Missing, Reading::Nothing) => self.read_later(id, now),
            (Need::Doubt, Reading::Nothing | Reading::Waits) => self.refill(id, 0),
            _ => (),
        }
    }

    /// What is missing is read in a moment, unless it comes by then.
    pub(super) fn read_later(&mut self, id: Id, now: Instant) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.reading = Reading::Waits;
            self.missing.push_back((now + UNDER_WAY, id));
        }
    }

    /// The moment is over.
    pub(super) fn read_missing(&mut self, id: Id) {
        let Some(channel) = self.channels.get_mut(id) else {
            return;
        };
        if channel.reading == Reading::Waits {
            channel.reading = Reading::Nothing;
            if channel.order.need() != Need::Nothing {
                self.refill(id, 0);
            }
        }
    }

    /// Reads what comes behind what was told of a channel, as its page number `page`.
    pub(super) fn refill(&mut self, id: Id, page: u32) {
        let Some(channel) = self.channels.get_mut(id) else {
            return;
        };
        if let Some(noted) = channel.order.tail()
            && !matches!(channel.reading, Reading::Asked(_))
        {
            count(&self.shared.tally.refills);
            channel.reading = Reading::Asked(page);
            let call = self.reading(id, Some(noted.life), noted.at.seq(), MAX_REFILL);
            self.outgoing.push_back((call, Job::Refill { id, noted }));
        }
    }

    /// Redis has not what the hub was told.
    pub(super) fn break_off(&mut self, id: Id, now: Instant) {
        let (Some(feed), Some(channel)) = (&self.feed, self.channels.get_mut(id)) else {
            return;
        };
        count(&self.shared.tally.losses);
        if !std::mem::replace(&mut self.has_lost, true) {
            tracing::warn!(
                "Redis has lost events that it had acknowledged; clients come back, and those who saw them are told"
            );
        }
        tracing::debug!(token = %channel.token.shortened(), "events of a channel are lost");
        self.told.push(feed.break_off(&channel.token));
        channel.order.close();
        channel.reading = Reading::Nothing;
        self.forget_claim(id);
        self.settle(id, now);
    }

    fn tell(&mut self, id: Id, told: Then, is_new: bool, now: Instant) {
        match told {
            Then::Stored(done, stored) => {
                self.told.push(done.tell(Outcome::Stored(stored), now));
            }
            Then::Known(done, facts) => self.told.push(done.tell(Ok(*facts), now)),
            Then::Ended(done, at) => {
                let at = (0 < at.seq()).then_some(at);
                self.told.push(done.tell(Outcome::Stored(Stored::new(at, Vec::new())), now));
                if is_new {
                    self.close(id);
                }
            }
            // It was told before, or of a life that is over.
            _ if !is_new => (),
            Then::Published(entries) => {
                self.feed(id, |feed, token| feed.publish(token, entries, None, now))
            }
            Then::Retry(retry) => {
                let time = Duration::from_millis(retry);
                if let Some(channel) = self.channels.get_mut(id) {
                    channel.retry = Some(retry);
                }
                self.feed(id, |feed, token| feed.publish(token, Vec::new(), Some(time), now));
            }
            Then::Finished(left) => {
                let left = left.map(Duration::from_millis);
                self.feed(id, |feed, token| feed.finish(token, left, now));
                self.close(id);
            }
            Then::Something => (),
        }
    }

    fn close(&mut self, id: Id) {
        self.forget_claim(id);
        if let Some(channel) = self.channels.get_mut(id) {
            channel.retry = None;
            channel.order.close();
        }
    }

    fn feed(
        &mut self,
        id: Id,
        tell: impl FnOnce(&sse_core::store::Feed, &sse_core::Token) -> sse_core::store::Told,
    ) {
        if let (Some(feed), Some(channel)) = (&self.feed, self.channels.get(id)) {
            self.told.push(tell(feed, &channel.token));
        }
    }
}

/// How long an event that is missing may be under way: by another connection than the one that came after it.
const UNDER_WAY: Duration = Duration::from_millis(50);

/// How many things wait for what is missing before them, of one channel, before events are read in their place.
const MAX_EARLY: usize = 1_024;

/// How much of what is missing is read at once, in bytes.
const MAX_REFILL: usize = 256 << 10;
