//! What Redis answers.

use std::time::Instant;

use redis::{RedisResult, ServerError, Value};
use sse_core::{
    history::Position,
    store::{Entry, Facts, Outcome, Page, Refused, Stored, Unavailable},
};

use super::{
    Driver,
    channels::{Reading, Subscription},
    jobs::{Answered, Job},
};
use crate::{
    ask::{Finish, Open, Publish, Read, Then},
    keys::Id,
    order::{Item, Place, Tail, Verdict, judge},
    reply::{self, Checked, Opened, Published, Unreadable},
    scripts::SCRIPTS,
    shared::count,
};

impl Driver {
    pub(super) fn handle_answered(&mut self, answered: Answered, now: Instant) {
        match answered {
            Answered::Commands { batch, answer } => {
                let jobs = self.sent.remove(&batch).unwrap_or_default();
                self.handle_answers(jobs, answer, now);
            }
            Answered::Subscribed { ids, answer: Ok(()) } => {
                for id in ids {
                    if let Some(channel) = self.channels.note_subscribed(id) {
                        for open in std::mem::take(&mut channel.opening) {
                            self.ask_what_is_known(id, open);
                        }
                    }
                }
            }
            Answered::Subscribed { ids, answer: Err(error) } => {
                for id in ids {
                    if let Some(channel) = self.channels.get_mut(id) {
                        channel.subscription = Subscription::None;
                        let opening = std::mem::take(&mut channel.opening);
                        self.again.extend(opening.into_iter().map(Job::Open));
                    }
                }
                self.lose(error.to_string());
            }
            Answered::Unsubscribed(answer) => {
                if let Err(error) = answer {
                    self.lose(error.to_string());
                }
            }
        }
    }

    fn handle_answers(&mut self, jobs: Vec<Job>, answer: RedisResult<Vec<Value>>, now: Instant) {
        match answer {
            Ok(values) => {
                for (job, value) in jobs.into_iter().zip(values) {
                    match value {
                        Value::ServerError(error) => self.handle_error(job, &error, now),
                        value => self.handle_value(job, value, now),
                    }
                }
            }
            Err(error) => {
                self.lose(error.to_string());
                for job in jobs {
                    self.put_back(job, true);
                }
            }
        }
    }

    fn handle_error(&mut self, job: Job, error: &ServerError, now: Instant) {
        if let Job::Check { .. } = job {
            self.checks -= 1;
        }
        match error.code() {
            "NOSCRIPT" => {
                for step in SCRIPTS.all() {
                    self.outgoing.push_back((step.load(), Job::Load));
                }
                self.put_back(job, false);
                self.ask_again(now);
            }
            // Nothing of it was done, and another server may take it.
            "READONLY" | "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" => {
                self.lose(format!("Redis takes nothing: {}", shown(error)));
                self.put_back(job, false);
            }
            "OOM" => self.refuse_job(job, "Redis has no memory left", error, now),
            "BUSY" => self.refuse_job(job, "Redis is busy with a script", error, now),
            "MISCONF" => self.refuse_job(job, "Redis cannot write to its disk", error, now),
            "NOREPLICAS" => self.refuse_job(job, "Redis has too few replicas", error, now),
            "NOPERM" | "NOAUTH" => self.refuse_job(job, "Redis does not permit it", error, now),
            _ => self.fail_job(job, error, now),
        }
    }

    /// Redis has done nothing of it.
    fn refuse_job(&mut self, job: Job, why: &'static str, error: &ServerError, now: Instant) {
        tracing::warn!(error = shown(error), "Redis refuses");
        let why = Unavailable::new(why);
        match job {
            Job::Publish(publish) => {
                // It may have been done when it was sent before.
                let outcome = match publish.sent.is_unknown {
                    true => Outcome::Unknown(why),
                    false => Outcome::Refused(Refused::Unavailable(why)),
                };
                self.tell_publisher(*publish, outcome, now);
            }
            Job::Finish(finish) => {
                let refused = Outcome::Refused(Refused::Unavailable(why));
                self.told.push(finish.done.tell(refused, now));
            }
            Job::Open(open) => self.told.push(open.done.tell(Err(why), now)),
            // A page is waited for until it comes.
            Job::Read(read) => self.later.push_back((now + super::TICK, Job::Read(read))),
            Job::Refill { id, .. } => self.read_later(id, now),
            Job::Revoke(revocation, Some(done)) => {
                self.told.push(done.tell(Err(why), now));
                self.later.push_back((now + super::TICK, Job::Revoke(revocation, None)));
            }
            Job::Revoke(revocation, None) => {
                self.later.push_back((now + super::TICK, Job::Revoke(revocation, None)));
            }
            Job::Renew { partition, .. } => self.renew_later(partition),
            job @ (Job::Hold { .. } | Job::Check { .. }) => {
                self.later.push_back((now + super::TICK, job));
            }
            Job::Revoked | Job::Load | Job::Nothing => (),
        }
    }

    /// Nobody knows how much of it Redis has done.
    fn fail_job(&mut self, job: Job, error: &ServerError, now: Instant) {
        tracing::error!(error = shown(error), "Redis fails");
        let why = || Unavailable::new("the history has failed");
        match job {
            Job::Publish(publish) => self.tell_publisher(*publish, Outcome::Unknown(why()), now),
            Job::Finish(finish) => {
                self.told.push(finish.done.tell(Outcome::Unknown(why()), now));
            }
            Job::Open(open) => self.told.push(open.done.tell(Err(why()), now)),
            Job::Read(read) => self.told.push(read.done.tell(Err(why()), now)),
            Job::Refill { id, .. } => self.break_off(id, now),
            Job::Revoke(_, Some(done)) => self.told.push(done.tell(Err(why()), now)),
            _ => (),
        }
    }

    fn handle_value(&mut self, job: Job, value: Value, now: Instant) {
        let handled = match job {
            Job::Publish(publish) => {
                match value.try_into() {
                    Ok(answer) => self.handle_published(*publish, answer, now),
                    Err(Unreadable) => {
                        let unknown = Outcome::Unknown(Unavailable::new("the history has failed"));
                        self.tell_publisher(*publish, unknown, now);
                    }
                }
                Ok(())
            }
            Job::Finish(finish) => {
                value.try_into().map(|answer| self.handle_finished(finish, answer, now))
            }
            Job::Open(open) => value.try_into().map(|answer| self.handle_opened(open, answer, now)),
            Job::Read(read) => value.try_into().map(|answer| self.handle_read(read, answer, now)),
            Job::Refill { id, noted } => {
                match value.try_into() {
                    Ok(answer) => self.handle_refill(id, noted, answer, now),
                    Err(Unreadable) => self.break_off(id, now),
                }
                Ok(())
            }
            Job::Check { id, noted } => {
                self.checks -= 1;
                value.try_into().map(|answer| self.handle_checked(id, noted, &answer, now))
            }
            Job::Renew { partition, sent } => {
                self.handle_renewed(partition, sent, value != Value::Nil);
                Ok(())
            }
            Job::Hold { id, fence } => {
                self.handle_held(id, fence, value == Value::Int(1), now);
                Ok(())
            }
            Job::Revoke(revocation, done) => {
                self.handle_revoked(&revocation, done, now);
                Ok(())
            }
            Job::Revoked => {
                self.handle_revocations(value, now);
                Ok(())
            }
            Job::Load | Job::Nothing => Ok(()),
        };
        if let Err(Unreadable) = handled {
            tracing::error!("Redis holds something under the names of histories that is none");
        }
    }

    pub(super) fn tell_publisher(&mut self, publish: Publish, outcome: Outcome, now: Instant) {
        self.shared.inbox.free(publish.bytes);
        self.told.push(publish.done.tell(outcome, now));
    }

    fn handle_published(&mut self, publish: Publish, answer: Published, now: Instant) {
        let refused = |refused| Outcome::Refused(refused);
        let outcome = match answer {
            Published::Stored { life, at, elsewhere } => {
                count(&self.shared.tally.published);
                return self.handle_stored(publish, Tail { life, at }, elsewhere, now);
            }
            Published::Duplicate { at, elsewhere } => {
                let stored = Stored::new(at, Vec::new()).with_duplicate();
                Outcome::Stored(stored.with_listeners(elsewhere))
            }
            Published::KeyReused => refused(Refused::KeyReused),
            Published::Finished { left } => refused(Refused::Finished { left: millis(left) }),
            Published::Unknown => Outcome::Unknown(Unavailable::new(
                "the history does not hold the time any more in which it was sent",
            )),
        };
        self.tell_publisher(publish, outcome, now);
    }

    /// It is told behind everything that was stored before it.
    fn handle_stored(
        &mut self,
        publish: Publish,
        Tail { life, at }: Tail,
        elsewhere: usize,
        now: Instant,
    ) {
        let Publish { append, done, bytes, .. } = publish;
        self.shared.inbox.free(bytes);
        let id = Id::from(append.token());
        let (first, epoch) = (at.seq(), at.epoch());
        let entries: Vec<_> = (first..)
            .zip(append.into_drafts())
            .map(|(seq, draft)| {
                let position = Position::new(seq, epoch);
                Entry::new(position, draft.finish(position))
            })
            .collect();
        let last = entries.last().map(Entry::position);
        let what = match last {
            Some(last) => Place::Events { first, last: last.seq(), epoch },
            None => Place::Behind(first.saturating_sub(1)),
        };
        let told = Then::Stored(done, Stored::new(last, entries).with_listeners(elsewhere));
        self.put(id, Item { life, what, told }, now);
    }

    fn handle_finished(&mut self, finish: Finish, answer: Published, now: Instant) {
        let id = Id::from(&finish.token);
        let outcome = match answer {
            Published::Stored { life, at, .. } => {
                let told = Then::Ended(finish.done, at);
                return self.put(id, Item { life, what: Place::Behind(at.seq()), told }, now);
            }
            // By this very request, when it was sent before.
            Published::Finished { .. } if finish.sent.is_unknown => {
                Outcome::Stored(Stored::new(None, Vec::new()))
            }
            Published::Finished { left } => {
                Outcome::Refused(Refused::Finished { left: millis(left) })
            }
            _ => Outcome::Unknown(Unavailable::new("the history has failed")),
        };
        self.told.push(finish.done.tell(outcome, now));
    }

    fn handle_opened(&mut self, open: Open, answer: Opened, now: Instant) {
        let id = Id::from(&open.token);
        let known = match answer {
            Opened::Open(known) => *known,
            Opened::Finished { left } => {
                let nothing = Position::new(0, self.minter.mint());
                let facts = Facts::new(nothing).with_finished(Some(millis(left)));
                self.told.push(open.done.tell(Ok(facts), now));
                return;
            }
        };
        let reply::Open { tail, ranges, retry, first, is_taken, fence } = known;
        let facts = Facts::new(tail.at)
            .with_first(first)
            .with_epochs(ranges)
            .with_retry(retry.map(millis))
            .with_taken(is_taken);
        let Some(channel) = self.channels.get_mut(id) else {
            self.told.push(open.done.tell(Ok(facts), now));
            return;
        };
        channel.retry = retry.or(channel.retry);
        match channel.order.tail() {
            None => channel.order.begin(tail),
            Some(_)
                if open.noted.is_some_and(|noted| {
                    noted.life == tail.life && tail.at.seq() < noted.at.seq()
                }) =>
            {
                self.break_off(id, now);
                if let Some(channel) = self.channels.get_mut(id) {
                    channel.order.begin(tail);
                }
            }
            Some(_) => (),
        }
        if let Some(fence) = fence {
            self.note_claim(id, fence, open.asked, now);
        }
        let told = Then::Known(open.done, Box::new(facts));
        self.put(id, Item { life: tail.life, what: Place::Behind(tail.at.seq()), told }, now);
    }

    fn handle_read(&mut self, read: Read, answer: reply::Read, now: Instant) {
        count(&self.shared.tally.pages);
        if answer.known.current.is_none() {
            let ended = Unavailable::new("the channel has ended");
            self.told.push(read.done.tell(Err(ended), now));
        } else if answer.until <= read.after {
            // It is told once there is something.
            self.later.push_back((now + super::TICK, Job::Read(read)));
        } else {
            let page = Page::new(answer.until, answer.entries);
            self.told.push(read.done.tell(Ok(page), now));
        }
    }

    /// What was missing is there, or lost.
    fn handle_refill(&mut self, id: Id, noted: Tail, answer: reply::Read, now: Instant) {
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
        if verdict == Verdict::Ended {
            self.told.push(feed.finish(&channel.token, finished.map(millis), now));
            self.begin_anew(id, known.current);
        } else if retry.is_some() && channel.retry != retry {
            channel.retry = retry;
            self.told.push(feed.publish(&channel.token, Vec::new(), retry.map(millis), now));
        }
        self.settle(id, now);
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
    fn handle_checked(&mut self, id: Id, noted: Option<Tail>, answer: &Checked, now: Instant) {
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

/// The answer of Redis, for a log.
fn shown(error: &ServerError) -> String {
    format!("{} {}", error.code(), error.details().unwrap_or_default())
}

fn millis(millis: u64) -> std::time::Duration {
    std::time::Duration::from_millis(millis)
}

/// How many pages of what is missing are read one after the other, before listeners read for themselves.
const MAX_PAGES: u32 = 8;
