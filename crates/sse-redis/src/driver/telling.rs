//! In which order the hub is told what is known of a channel.

use std::time::{Duration, Instant};

use sse_core::{
    history::Position,
    store::{Done, Entry, Facts, Outcome, Stored, Unavailable},
};

use super::{Driver, channels::Reading};
use crate::{
    keys::Id,
    order::{Item, Need},
};

/// What is told of a channel once everything before it was.
#[derive(Debug)]
pub(super) enum Then {
    /// Others have published this.
    Published(Vec<Entry>),
    /// This node has.
    Stored(Done<Outcome>, Stored),
    /// The reconnection time, in milliseconds.
    Retry(u64),
    /// Others have finished the channel, which takes nothing for so many milliseconds.
    Finished(Option<u64>),
    /// This node has.
    Ended(Done<Outcome>, Position),
    /// What was asked for is known.
    Known(Done<Result<Facts, Unavailable>>, Box<Facts>),
    /// There is an event here.
    Something,
}

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

/// How many things wait for what is missing before them, of one channel, before events are read in their place.
const MAX_EARLY: usize = 1_024;
