//! What the hub asks for.

use std::{
    mem,
    time::{Duration, Instant},
};

use redis::Cmd;
use sse_core::{
    channel::Mode,
    store::{Outcome, Refused, Unavailable},
};

use super::{
    Driver, Ending,
    channels::Subscription,
    jobs::{Answered, Job},
    leases::LEASE,
};
use crate::{
    Status,
    ask::{Ask, Finish, Open, Publish, Read, Sent},
    keys::Id,
    scripts::SCRIPTS,
};

impl Driver {
    /// Takes what was asked for since. What is to be stored waits until the session `is_ready`.
    pub(super) fn take_asks(&mut self, is_ready: bool, now: Instant) {
        if is_ready {
            for ask in mem::take(&mut self.held_back) {
                self.handle_ask(ask, now);
            }
        }
        for ask in self.shared.inbox.take_asks(MAX_ASKS) {
            match ask {
                Ask::Publish(_) | Ask::Finish(_) if !is_ready => self.held_back.push_back(ask),
                ask => self.handle_ask(ask, now),
            }
        }
    }

    fn handle_ask(&mut self, ask: Ask, now: Instant) {
        match ask {
            Ask::Attach(feed) => {
                self.feed = Some(feed);
                self.read_revocations();
            }
            Ask::Publish(publish) => self.publish(publish, now),
            Ask::Finish(finish) => self.finish(finish),
            Ask::Open(open) => self.open(open),
            Ask::Read(read) => self.read(read),
            Ask::Leave(token) => self.look_at(Id::from(&token), now),
            Ask::Revoke(revocation, done) => self.revoke(revocation, Some(done)),
            Ask::End(tell) => self.ending = Some(Ending { tell, until: now + PATIENCE }),
        }
    }

    /// Refuses what is asked for while Redis is away. Returns whether the store has ended.
    pub(super) fn wait_away(&mut self) -> bool {
        let now = Instant::now();
        for ask in mem::take(&mut self.held_back) {
            self.refuse(ask, now);
        }
        for ask in self.shared.inbox.take_asks(usize::MAX) {
            self.refuse(ask, now);
        }
        self.give_up_old(now);
        self.told.clear();
        self.ending.is_some()
    }

    /// Nothing more will be done.
    pub(super) fn refuse_all(&mut self) {
        self.wait_away();
        let now = Instant::now();
        for job in mem::take(&mut self.again) {
            self.give_up(job, now);
        }
        self.told.clear();
    }

    fn refuse(&mut self, ask: Ask, now: Instant) {
        let why = self.why();
        match ask {
            Ask::Attach(feed) => self.feed = Some(feed),
            Ask::Publish(publish) => {
                self.shared.inbox.free(publish.bytes);
                let refused = Outcome::Refused(Refused::Unavailable(why));
                self.told.push(publish.done.tell(refused, now));
            }
            Ask::Finish(finish) => {
                let refused = Outcome::Refused(Refused::Unavailable(why));
                self.told.push(finish.done.tell(refused, now));
            }
            Ask::Open(open) => self.told.push(open.done.tell(Err(why), now)),
            // Whoever reads stays, and goes on once Redis is there.
            Ask::Read(read) => self.again.push(Job::Read(read)),
            Ask::Leave(_) => (),
            Ask::Revoke(revocation, done) => {
                self.told.push(done.tell(Err(why), now));
                self.again.push(Job::Revoke(revocation, None));
            }
            Ask::End(tell) => self.ending = Some(Ending { tell, until: now }),
        }
    }

    /// Why nothing is stored, in words for a publisher.
    fn why(&self) -> Unavailable {
        Unavailable::new(match &*self.shared.status.borrow() {
            Status::Failed(_) => "Redis cannot be used",
            _ => "Redis is away",
        })
    }

    pub(super) fn publish(&mut self, mut publish: Box<Publish>, now: Instant) {
        let id = Id::from(publish.append.token());
        let (keys, limits) = (&self.shared.keys, &self.shared.config.limits);
        let mut named = vec![keys.stream(id), keys.meta(id), keys.counts(id)];
        let key = publish.append.key();
        named.extend(key.map(|(key, _)| keys.published(id, key.as_str())));
        let millis = |time: Option<Duration>| time.map(|time| time.as_millis() as u64);
        let mut call = SCRIPTS.publish.on(&named);
        call.arg(&*self.shared.node)
            .arg(keys.lives(id))
            .arg(keys.channel(id))
            .arg(self.minter.mint().as_str())
            .arg(limits.max_events)
            .arg(limits.max_bytes);
        let ttl = millis(self.shared.config.forget_after());
        put(&mut call, millis(limits.max_age));
        put(&mut call, millis(limits.max_age.map(|age| age + EXPIRY_LEEWAY)).or(ttl));
        put(&mut call, ttl);
        let tag = *publish.tag.get_or_insert_with(|| {
            self.tag += 1;
            self.tag
        });
        call.arg(format!("{}.{tag}", self.shared.node));
        let Sent { asked, is_unknown } = publish.sent;
        put(&mut call, is_unknown.then(|| (now - asked + LEEWAY).as_millis() as u64));
        put(&mut call, key.map(|_| limits.key_window.as_millis().max(1) as u64));
        put(&mut call, key.map(|(_, digest)| digest));
        put(&mut call, millis(publish.append.retry()));
        for draft in publish.append.drafts() {
            call.arg(draft.as_bytes());
        }
        self.outgoing.push_back((call, Job::Publish(publish)));
    }

    pub(super) fn finish(&mut self, finish: Finish) {
        let (id, keys) = (Id::from(&finish.token), &self.shared.keys);
        let mut call = SCRIPTS.finish.on(&[keys.stream(id), keys.meta(id), keys.counts(id)]);
        call.arg(&*self.shared.node).arg(keys.lives(id)).arg(keys.channel(id));
        put(&mut call, finish.kept);
        self.outgoing.push_back((call, Job::Finish(finish)));
    }

    /// What is known of a channel: it is subscribed to first, so that nothing is missed in between.
    pub(super) fn open(&mut self, open: Open) {
        let id = Id::from(&open.token);
        let channel = self.channels.open(id, &open.token);
        channel.unused = None;
        channel.order.open();
        match channel.subscription {
            Subscription::There => self.ask_what_is_known(id, open),
            Subscription::Asked => channel.opening.push(open),
            Subscription::None => {
                channel.opening.push(open);
                channel.subscription = Subscription::Asked;
                self.to_subscribe.push(id);
            }
        }
        self.note_channels();
    }

    pub(super) fn ask_what_is_known(&mut self, id: Id, mut open: Open) {
        open.noted = self.channels.get(id).and_then(|channel| channel.order.tail());
        let (keys, limits) = (&self.shared.keys, &self.shared.config.limits);
        let millis = |time: Option<Duration>| time.map(|time| time.as_millis() as u64);
        let mut call = SCRIPTS.open.on(&[keys.stream(id), keys.meta(id)]);
        call.arg(&*self.shared.node)
            .arg(keys.lives(id))
            .arg(keys.channel(id))
            .arg(self.minter.mint().as_str())
            .arg(limits.max_events)
            .arg(limits.max_bytes);
        put(&mut call, millis(limits.max_age));
        put(&mut call, millis(self.shared.config.forget_after()));
        call.arg(match open.claim {
            Some(Mode::Exclusive) => "exclusive",
            Some(Mode::Takeover) => "takeover",
            _ => "",
        });
        call.arg(LEASE.as_millis() as u64);
        self.outgoing.push_back((call, Job::Open(open)));
    }

    pub(super) fn read(&mut self, read: Read) {
        let id = Id::from(&read.token);
        let call = self.reading(id, None, read.after, read.max_bytes);
        self.outgoing.push_back((call, Job::Read(read)));
    }

    /// Reads events behind `after`: of a life that was named, or of the one that goes on.
    pub(super) fn reading(&self, id: Id, life: Option<u64>, after: u64, max_bytes: usize) -> Cmd {
        let (keys, limits) = (&self.shared.keys, &self.shared.config.limits);
        let mut call = SCRIPTS.read.on(&[keys.stream(id), keys.meta(id)]);
        put(&mut call, life);
        call.arg(after).arg(max_bytes).arg(limits.max_events);
        put(&mut call, limits.max_age.map(|age| age.as_millis() as u64));
        call
    }

    /// Subscribes to the channels that were asked for, and lets go of others, many with one command.
    pub(super) fn change_subscriptions(&mut self) {
        let Some(session) = &self.session else {
            return;
        };
        let names =
            |ids: &[Id]| -> Vec<_> { ids.iter().map(|&id| self.shared.keys.channel(id)).collect() };
        for ids in mem::take(&mut self.to_unsubscribe).chunks(MAX_SUBSCRIBE) {
            let (mut connection, names) = (session.messages.clone(), names(ids));
            self.in_flight.push(Box::pin(async move {
                Answered::Unsubscribed(connection.unsubscribe(&names[..]).await)
            }));
        }
        for ids in mem::take(&mut self.to_subscribe).chunks(MAX_SUBSCRIBE) {
            let (mut connection, names) = (session.messages.clone(), names(ids));
            let ids = ids.to_vec();
            self.in_flight.push(Box::pin(async move {
                let answer = connection.subscribe(&names[..]).await;
                Answered::Subscribed { ids, answer }
            }));
        }
    }

    /// Has to be sent again, for the session is over: what was sent may have been done.
    pub(super) fn put_back(&mut self, job: Job, was_sent: bool) {
        match job {
            Job::Publish(mut publish) => {
                publish.sent.is_unknown |= was_sent;
                self.again.push(Job::Publish(publish));
            }
            Job::Finish(mut finish) => {
                finish.sent.is_unknown |= was_sent;
                self.again.push(Job::Finish(finish));
            }
            Job::Revoke(revocation, done) => {
                if let Some(done) = done {
                    let why = self.why();
                    self.told.push(done.tell(Err(why), Instant::now()));
                }
                self.again.push(Job::Revoke(revocation, None));
            }
            job @ (Job::Open(_) | Job::Read(_)) => self.again.push(job),
            // The next session begins with all of these.
            Job::Refill { .. }
            | Job::Check { .. }
            | Job::Renew { .. }
            | Job::Hold { .. }
            | Job::Revoked
            | Job::Load
            | Job::Nothing => (),
        }
    }

    /// Sends what the last session has left.
    pub(super) fn ask_again(&mut self, now: Instant) {
        self.give_up_old(now);
        for job in mem::take(&mut self.again) {
            self.send_again(job);
        }
    }

    pub(super) fn send_again(&mut self, job: Job) {
        let now = Instant::now();
        match job {
            Job::Publish(publish) => self.publish(publish, now),
            Job::Finish(finish) => self.finish(finish),
            Job::Open(open) => self.open(open),
            Job::Read(read) => self.read(read),
            Job::Revoke(revocation, done) => self.revoke(revocation, done),
            Job::Check { id, .. } => self.to_check.push_back(id),
            Job::Hold { id, fence } => self.send_hold(id, fence),
            _ => (),
        }
    }

    /// Says what became of publications that nobody waits for any more.
    fn give_up_old(&mut self, now: Instant) {
        let is_old = |job: &mut Job| {
            let asked = match job {
                Job::Publish(publish) => publish.sent.asked,
                Job::Finish(finish) => finish.sent.asked,
                Job::Open(open) => open.asked,
                _ => return false,
            };
            PATIENCE <= now - asked
        };
        let old: Vec<_> = self.again.extract_if(.., is_old).collect();
        for job in old {
            self.give_up(job, now);
        }
    }

    pub(super) fn give_up(&mut self, job: Job, now: Instant) {
        let why = self.why();
        let outcome = |sent: Sent, why| match sent.is_unknown {
            true => Outcome::Unknown(why),
            false => Outcome::Refused(Refused::Unavailable(why)),
        };
        match job {
            Job::Publish(publish) => {
                self.shared.inbox.free(publish.bytes);
                self.told.push(publish.done.tell(outcome(publish.sent, why), now));
            }
            Job::Finish(finish) => {
                self.told.push(finish.done.tell(outcome(finish.sent, why), now));
            }
            Job::Open(open) => self.refuse_to_open(open, why, now),
            Job::Read(read) => self.told.push(read.done.tell(Err(why), now)),
            Job::Revoke(_, Some(done)) => self.told.push(done.tell(Err(why), now)),
            _ => (),
        }
    }
}

/// Nothing is written as nothing.
pub(super) fn put(call: &mut Cmd, value: Option<u64>) {
    match value {
        Some(value) => call.arg(value),
        None => call.arg(""),
    };
}

/// How much is taken at once of what is asked for: messages are told in between.
const MAX_ASKS: usize = 512;

/// How many channels are subscribed to with one command.
const MAX_SUBSCRIBE: usize = 512;

/// How long a publication is tried. The hub waits no longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// By how much events live longer than they have to, since their end is put off each 10 s alone.
const EXPIRY_LEEWAY: Duration = Duration::from_secs(20);

/// How far the clocks of Redis and of a node may drift apart within that time.
const LEEWAY: Duration = Duration::from_secs(1);
