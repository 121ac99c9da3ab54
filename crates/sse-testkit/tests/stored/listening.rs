use std::{
    pin::Pin,
    task::{Context, Poll},
};

use sse_core::{
    channel::{CloseReason, Output},
    history::{Position, Since, Start, Verdict},
    hub::SubscribeError,
    response::LastEventId,
};

use crate::{
    client::{Client, Link, Note},
    judge::Seen,
    seen::Thing,
    world::World,
};

/// Clients that come, read, break off and come back.
impl World {
    /// Somebody comes, or comes back.
    pub(crate) fn come(&mut self) {
        if self.clients.len() < self.settings.max_clients {
            let (token, is_slow) = (self.random.below(3), self.random.once_in(3));
            let checked = self.checker.client(self.tokens[token].as_str());
            self.clients.push(Client::new(token, is_slow, checked));
        }
        let who = self.random.below(self.clients.len());
        if !self.clients[who].is_away() {
            return;
        }
        match self.random.below(10) {
            0 => {
                let asked = self.odd_id(who);
                self.join(who, asked, Since::Latest);
            }
            1 => {
                // It has forgotten its ID.
                let since = self.since();
                self.join(who, String::new(), since);
            }
            _ => self.come_back(who),
        }
    }

    /// A client comes with the ID that it has.
    pub(crate) fn come_back(&mut self, who: usize) {
        let asked = self.clients[who].decoder.last_event_id().to_owned();
        let since = self.since();
        self.join(who, asked, since);
    }

    fn since(&mut self) -> Since {
        match self.random.below(4) {
            0 => Since::Earliest,
            1 => Since::Last(self.random.below(5) as u64),
            _ => Since::Latest,
        }
    }

    /// An ID that a client did not see last.
    fn odd_id(&mut self, who: usize) -> String {
        let token = self.tokens[self.clients[who].token].as_str();
        let top = self.shelf.look(token, |kept| kept.top());
        let Some(top) = top else { return "yesterday".to_owned() };
        let seq = self.random.below(top.seq() as usize + 1) as u64;
        match self.random.below(5) {
            0 => "yesterday".to_owned(),
            1 => format!("{}.{}", top.seq() + 1 + seq, top.epoch().as_str()),
            2 => format!("{seq}.0000000000"),
            3 => "x".repeat(70),
            _ => Position::new(seq, top.epoch()).to_string(),
        }
    }

    fn join(&mut self, who: usize, asked: String, since: Since) {
        let token = self.clients[who].token;
        let id = LastEventId::new(Some(asked.as_bytes()), None);
        let start = Start::from(id).with_since(since);
        let seen = self.seen_now(token, &asked, since);
        let joining = self.hub.join(&self.tokens[token], &start, None, self.now);
        self.say(|| {
            format!("client {who} comes to {} with {asked:?}", self.tokens[token].as_str())
        });
        let client = &mut self.clients[who];
        client.link = Link::Joining { joining: Box::pin(joining), asked, seen: Box::new(seen) };
        client.flag.raise();
        if self.random.once_in(2) {
            self.look_at(who);
        }
    }

    pub(crate) fn look(&mut self) {
        if !self.clients.is_empty() {
            let who = self.random.below(self.clients.len());
            self.look_at(who);
        }
    }

    /// A client does what there is to do. Returns whether there was anything.
    pub(crate) fn look_at(&mut self, who: usize) -> bool {
        if !self.clients[who].flag.is_raised() {
            return false;
        }
        match &self.clients[who].link {
            Link::Away => false,
            Link::Joining { .. } => {
                self.poll_joining(who);
                true
            }
            Link::Here(_) => {
                self.read(who);
                true
            }
        }
    }

    fn poll_joining(&mut self, who: usize) {
        let client = &mut self.clients[who];
        client.flag.lower();
        let (token, waker) = (client.token, client.flag.waker());
        let Link::Joining { joining, asked, seen } = &mut client.link else { return };
        let Poll::Ready(joined) = Pin::new(joining).poll(&mut Context::from_waker(&waker)) else {
            return;
        };
        let (asked, before) = (asked.clone(), seen.clone());
        let now = self.seen_now(token, &asked, before.since());
        match joined {
            Ok(listener) => {
                let resume = listener.resume().expect("there is a history").clone();
                self.say(|| format!("client {who} is let in: {resume:?}"));
                before.judge(&now, &asked, &resume);
                self.note_resume(resume.verdict());
                self.clients[who].arrive(listener, &asked);
            }
            Err(error) => {
                self.say(|| format!("client {who} is refused: {error}"));
                before.judge_refusal(&now, &error);
                let is_over = error == SubscribeError::Ended;
                self.seen.note(if is_over { Thing::Ended } else { Thing::Blind }, 1);
                self.clients[who].link = Link::Away;
            }
        }
    }

    fn note_resume(&mut self, verdict: &Verdict) {
        let thing = match verdict {
            Verdict::Fresh => Thing::Fresh,
            Verdict::Ok => Thing::Resumed,
            Verdict::Gap(gap) => match gap.reason().as_str() {
                "trimmed" => Thing::Trimmed,
                "diverged" => Thing::Diverged,
                _ => Thing::Unknown,
            },
            _ => return,
        };
        self.seen.note(thing, 1);
    }

    fn seen_now(&self, token: usize, asked: &str, since: Since) -> Seen {
        let (name, acknowledged) = (self.tokens[token].as_str(), self.acknowledged[token]);
        Seen::new(&self.shelf, name, (asked, since), acknowledged, self.now)
    }

    /// A client reads what there is; a slow one only a part of it.
    fn read(&mut self, who: usize) {
        loop {
            let client = &mut self.clients[who];
            let waker = client.flag.waker();
            client.flag.lower();
            let Link::Here(listener) = &mut client.link else { return };
            match listener.poll_output(&waker, self.now) {
                Output::Write(bytes) => {
                    client.flag.raise();
                    let notes = client.read(&bytes);
                    let (is_slow, at) = (client.is_slow, client.at);
                    self.say(|| format!("client {who} reads up to {at:?}"));
                    self.judge_notes(who, &notes);
                    if is_slow {
                        return;
                    }
                }
                Output::Wait { until } => {
                    assert!(until.is_some_and(|until| self.now < until), "{until:?}");
                    return;
                }
                Output::Close(reason) => {
                    self.note_close(who, reason);
                    return;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn note_close(&mut self, who: usize, reason: CloseReason) {
        let thing = match reason {
            CloseReason::Finished => Thing::Finished,
            CloseReason::Shutdown => Thing::ShutDown,
            CloseReason::Failed => Thing::Failed,
            CloseReason::Overrun { .. } => Thing::Failed,
            reason => panic!("{reason:?}"),
        };
        self.seen.note(thing, 1);
        self.say(|| format!("the stream of client {who} ends: {reason:?}"));
        self.clients[who].part();
    }

    /// A gap in a stream is of what is not kept.
    fn judge_notes(&mut self, who: usize, notes: &[Note]) {
        for note in notes {
            let Note::Gap { from, to } = note else { continue };
            self.seen.note(Thing::GapInStream, 1);
            let token = self.clients[who].token;
            let first = self.shelf.look(self.tokens[token].as_str(), |kept| kept.first());
            if !Self::may_end(token) && !self.settings.may_tear {
                assert!(to.seq() < first, "{from} to {to} is kept from {first} on");
            }
        }
    }

    /// A connection breaks, anywhere in what is being written.
    pub(crate) fn cut(&mut self) {
        if self.clients.is_empty() {
            return;
        }
        let who = self.random.below(self.clients.len());
        let client = &mut self.clients[who];
        let waker = client.flag.waker();
        if let Link::Here(listener) = &mut client.link
            && let Output::Write(bytes) = listener.poll_output(&waker, self.now)
        {
            let cut = self.random.below(bytes.len());
            let notes = client.read(&bytes.slice(..cut));
            self.judge_notes(who, &notes);
        }
        self.clients[who].part();
        self.say(|| format!("client {who} breaks off"));
        self.seen.note(Thing::Cut, 1);
    }

    /// Those who wait for too long go away.
    pub(crate) fn give_up_joining(&mut self) {
        for who in 0..self.clients.len() {
            if self.clients[who].is_late(self.now) {
                self.clients[who].link = Link::Away;
                self.seen.note(Thing::JoinTooLate, 1);
            }
        }
    }
}
