//! What Redis answers.

use std::time::Instant;

use redis::{RedisResult, ServerError, Value};
use sse_core::{
    history::Position,
    store::{Entry, Facts, Outcome, Page, Refused, Stored, Unavailable},
};

use super::{
    Driver,
    channels::Subscription,
    jobs::{Answered, Job},
    telling::Then,
};
use crate::{
    ask::{Finish, Open, Publish, Read},
    keys::Id,
    order::{Item, Place, Tail},
    reply::{self, Opened, Published, Unreadable},
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
            _ => {
                tracing::error!(error = shown(error), "Redis fails");
                self.fail_job(job, now);
            }
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
            Job::Open(open) => self.refuse_to_open(open, why, now),
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
    fn fail_job(&mut self, job: Job, now: Instant) {
        let why = || Unavailable::new("the history has failed");
        match job {
            Job::Publish(publish) => self.tell_publisher(*publish, Outcome::Unknown(why()), now),
            Job::Finish(finish) => {
                self.told.push(finish.done.tell(Outcome::Unknown(why()), now));
            }
            Job::Open(open) => self.refuse_to_open(open, why(), now),
            Job::Read(read) => self.told.push(read.done.tell(Err(why()), now)),
            Job::Refill { id, .. } => self.break_off(id, now),
            Job::Revoke(_, Some(done)) => self.told.push(done.tell(Err(why()), now)),
            _ => (),
        }
    }

    fn handle_value(&mut self, job: Job, value: Value, now: Instant) {
        let unread = match job {
            Job::Publish(publish) => match value.try_into() {
                Ok(answer) => return self.handle_published(*publish, answer, now),
                Err(Unreadable) => Job::Publish(publish),
            },
            Job::Finish(finish) => match value.try_into() {
                Ok(answer) => return self.handle_finished(finish, answer, now),
                Err(Unreadable) => Job::Finish(finish),
            },
            Job::Open(open) => match value.try_into() {
                Ok(answer) => return self.handle_opened(open, answer, now),
                Err(Unreadable) => Job::Open(open),
            },
            Job::Read(read) => match value.try_into() {
                Ok(answer) => return self.handle_read(read, answer, now),
                Err(Unreadable) => Job::Read(read),
            },
            Job::Refill { id, noted, serial } => match value.try_into() {
                Ok(answer) => return self.handle_refill(id, (noted, serial), answer, now),
                Err(Unreadable) => job,
            },
            Job::Check { id, noted } => {
                self.checks -= 1;
                match value.try_into() {
                    Ok(answer) => return self.handle_checked(id, noted, &answer, now),
                    Err(Unreadable) => job,
                }
            }
            Job::Renew { partition, sent } => {
                return self.handle_renewed(partition, sent, value != Value::Nil);
            }
            Job::Hold { id, fence } => {
                return self.handle_held(id, fence, value == Value::Int(1), now);
            }
            Job::Revoke(revocation, done) => return self.handle_revoked(&revocation, done, now),
            Job::Revoked => return self.handle_revocations(value, now),
            Job::Load | Job::Nothing => return,
        };
        tracing::error!(
            "an answer of Redis cannot be read: another version or another program uses the same keys"
        );
        self.fail_job(unread, now);
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
                return self.close_unopened(id, now);
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
        match channel.order.tail() {
            None => {
                channel.retry = retry;
                channel.order.begin(tail);
            }
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

    /// Nothing can be said of a channel now.
    pub(super) fn refuse_to_open(&mut self, open: Open, why: Unavailable, now: Instant) {
        self.told.push(open.done.tell(Err(why), now));
        self.close_unopened(Id::from(&open.token), now);
    }

    /// What has come of a channel since it was asked for does not wait any more.
    fn close_unopened(&mut self, id: Id, now: Instant) {
        if let Some(channel) = self.channels.get_mut(id)
            && channel.order.tail().is_none()
        {
            channel.order.close();
            self.settle(id, now);
        }
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
}

/// The answer of Redis, for a log.
fn shown(error: &ServerError) -> String {
    format!("{} {}", error.code(), error.details().unwrap_or_default())
}

pub(super) fn millis(millis: u64) -> std::time::Duration {
    std::time::Duration::from_millis(millis)
}
