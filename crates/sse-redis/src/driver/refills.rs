//! What is missing of a channel is read, and what Redis says then.

use std::time::{Duration, Instant};

use sse_core::store::{Entry, Outcome, Unavailable};

use super::{Driver, answers::millis, channels::Reading, jobs::Job, telling::Then};
use crate::{
    keys::Id,
    order::{Item, Need, Place, Tail, Verdict, judge},
    reply::{self, Checked},
    shared::count,
};

impl Driver {
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
            let serial = channel.order.serial();
            let call = self.reading(id, Some(noted.life), noted.at.seq(), MAX_REFILL);
            self.outgoing.push_back((call, Job::Refill { id, noted, serial }));
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

    /// What was missing is there, or lost.
    pub(super) fn handle_refill(
        &mut self,
        id: Id,
        (noted, serial): (Tail, u64),
        answer: reply::Read,
        now: Instant,
    ) {
        let (Some(feed), Some(channel)) = (&self.feed, self.channels.get_mut(id)) else {
            return;
        };
        let pages = match std::mem::replace(&mut channel.reading, Reading::Nothing) {
            Reading::Asked(pages) => pages,
            Reading::Nothing | Reading::Waits => 0,
        };
        let Some(tail) = channel.order.tail().filter(|tail| tail.life == noted.life) else {
            return self.settle(id, now);
        };
        let reply::Read { known, retry, finished, until, mut entries } = answer;
        let verdict = judge(noted, &known);
        if verdict == Verdict::Lost {
            let lost = channel.order.take_lost(serial, known.current);
            self.tell_lost(lost, now);
            self.break_off(id, now);
            self.begin_anew(id, known.current);
            return self.settle(id, now);
        }
        entries.retain(|entry| tail.at.seq() < entry.position().seq());
        if let Some(last) = entries.last().map(Entry::position) {
            channel.order.confirm(last);
            self.told.push(feed.publish(&channel.token, entries, None, now));
        }
        let top = if verdict == Verdict::Ended { known.previous } else { known.current };
        let top = top.map_or(tail.at, |top| top.at);
        let is_whole = top.seq() <= until;
        if !is_whole && pages < MAX_PAGES {
            return self.refill(id, pages + 1);
        }
        if let Some(reached) = channel.order.tail().filter(|reached| reached.at.seq() < top.seq()) {
            // What lies in between is not kept any more, or so much that listeners read it themselves.
            tracing::debug!(from = %reached.at, to = %top, "the log of a channel goes on behind a hole");
            self.told.push(feed.catch_up(&channel.token, top));
        }
        let seq = channel.order.tail().map_or(0, |tail| tail.at.seq());
        channel.order.confirm(if seq <= top.seq() { top } else { tail.at });
        let lost = channel.order.take_lost(serial, known.current.or(known.previous));
        if verdict == Verdict::Ended {
            self.told.push(feed.finish(&channel.token, finished.map(millis), now));
            self.begin_anew(id, known.current);
        } else if retry.is_some() && channel.retry != retry {
            channel.retry = retry;
            self.told.push(feed.publish(&channel.token, Vec::new(), retry.map(millis), now));
        }
        self.tell_lost(lost, now);
        self.settle(id, now);
    }

    /// Redis has answered for these, and has lost them since.
    fn tell_lost(&mut self, lost: Vec<Then>, now: Instant) {
        for lost in lost {
            let why = Unavailable::new("Redis has lost it");
            match lost {
                Then::Stored(done, _) | Then::Ended(done, _) => {
                    self.told.push(done.tell(Outcome::Unknown(why), now));
                }
                Then::Known(done, _) => self.told.push(done.tell(Err(why), now)),
                Then::Published(_) | Then::Retry(_) | Then::Finished(_) | Then::Something => (),
            }
        }
    }

    /// The life of a channel was lost or has ended here. Another may have begun.
    fn begin_anew(&mut self, id: Id, current: Option<Tail>) {
        self.forget_claim(id);
        if let Some(channel) = self.channels.get_mut(id) {
            channel.retry = None;
            match current {
                Some(current) => channel.order.begin(current),
                None => channel.order.close(),
            }
        }
    }

    /// Looks whether anything is missing that no later message shows.
    pub(super) fn handle_checked(
        &mut self,
        id: Id,
        noted: Option<Tail>,
        answer: &Checked,
        now: Instant,
    ) {
        let (Some(feed), Some(channel)) = (&self.feed, self.channels.get_mut(id)) else {
            return;
        };
        if let Some(retry) = answer.retry.filter(|retry| channel.retry != Some(*retry))
            && channel.order.tail().is_some()
        {
            channel.retry = Some(retry);
            self.told.push(feed.publish(&channel.token, Vec::new(), Some(millis(retry)), now));
        }
        if let Some(fence) = channel.fence {
            self.check_claim(id, fence, answer, now);
        }
        let Some((noted, channel)) = noted.zip(self.channels.get_mut(id)) else {
            return;
        };
        match answer.current {
            Some(current) if current == noted => channel.order.confirm_seen(current.at),
            Some(current) if current.life == noted.life && noted.at.seq() < current.at.seq() => {
                // It may be on its way.
                let (life, what) = (current.life, Place::Behind(current.at.seq()));
                self.put(id, Item { life, what, told: Then::Something }, now);
            }
            _ => self.refill(id, 0),
        }
    }
}

/// How long an event that is missing may be under way: by another connection than the one that came after it.
const UNDER_WAY: Duration = Duration::from_millis(50);

/// How many pages of what is missing are read one after the other, before listeners read for themselves.
const MAX_PAGES: u32 = 8;

/// How much of what is missing is read at once, in bytes.
const MAX_REFILL: usize = 256 << 10;
