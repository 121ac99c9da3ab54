use std::{
    sync::Arc,
    task::{Context, Poll},
};

use sse_core::{
    channel::IdempotencyKey,
    history::Position,
    hub::{Post, PublishError, Published},
    store::Refused,
};

use crate::{
    asked::Verdict,
    flag::Flag,
    seen::Thing,
    world::{Again, Waiting, World},
};

/// Publishers, who wait for what becomes of it, and ask again where nobody knows.
impl World {
    pub(crate) fn publish(&mut self) {
        let token = self.random.below(3);
        let is_batch = self.random.once_in(4);
        let events = if is_batch { 1 + self.random.below(4) } else { 1 };
        let data: Vec<_> = (0..events).map(|_| self.data()).collect();
        let key = self.random.once_in(2).then(|| match self.random.below(3) {
            // It may be one that was used before.
            0 => format!("k{}", self.random.below(5)),
            _ => format!("p{}", self.published),
        });
        self.publish_data(token, &data, is_batch, key);
    }

    /// What everybody has to see in the end.
    pub(crate) fn publish_last(&mut self, token: usize) {
        let data = self.data();
        self.publish_data(token, &[data], false, None);
    }

    fn publish_data(&mut self, token: usize, data: &[String], is_batch: bool, key: Option<String>) {
        let checked = self.checker.publish(self.tokens[token].as_str(), "ping", data);
        self.submit(Again {
            token,
            action: "ping",
            body: data.join("\n"),
            is_batch,
            key,
            checked: Some(Arc::new(checked)),
        });
    }

    fn data(&mut self) -> String {
        self.published += 1;
        let pad = match self.random.below(8) {
            0 if self.settings.has_long_events => 20_000,
            0 => 200,
            _ => 0,
        };
        format!("{}{}", self.published, "x".repeat(pad))
    }

    /// Somebody who does not know what became of a publication asks for it again, under its key.
    pub(crate) fn publish_again(&mut self) {
        if !self.unknown.is_empty() {
            let at = self.random.below(self.unknown.len());
            let asked = self.unknown.swap_remove(at);
            self.seen.note(Thing::Again, 1);
            self.submit(asked);
        }
    }

    pub(crate) fn set_retry(&mut self) {
        let (token, millis) = (self.random.below(3), 1 + self.random.below(5_000));
        self.submit_command(token, "retry", millis.to_string());
    }

    pub(crate) fn close(&mut self) {
        let token = crate::settings::ENDS;
        self.checker.finish(self.tokens[token].as_str());
        self.submit_command(token, "close", String::new());
    }

    fn submit_command(&mut self, token: usize, action: &'static str, body: String) {
        self.submit(Again { token, action, body, is_batch: false, key: None, checked: None });
    }

    fn submit(&mut self, asked: Again) {
        let mut post = Post::new(asked.action, asked.body.as_bytes());
        if let Some(key) = &asked.key {
            post = post.with_key(IdempotencyKey::try_from(key.as_bytes()).expect("it is one"));
        }
        if asked.is_batch {
            post = post.with_batch();
        }
        let before = self.shelf.serial();
        self.say(|| {
            let (token, body) =
                (&self.tokens[asked.token], &asked.body[..asked.body.len().min(40)]);
            format!("{} {body:?} to {} as {:?}", asked.action, token.as_str(), asked.key)
        });
        let submission = self.hub.submit(&self.tokens[asked.token], &post, self.now);
        // What is told at once may have asked for pages, behind it.
        let serial = (before < self.shelf.serial()).then_some(before + 1);
        let (submission, flag) = (Box::pin(submission), Flag::raised());
        self.waiting.push(Waiting { submission, flag, serial, asked });
        if self.random.once_in(2) {
            self.look_at_publications();
        }
    }

    /// Publishers look whether something became of what they asked for. Returns whether it did.
    pub(crate) fn look_at_publications(&mut self) -> bool {
        let mut is_busy = false;
        for waiting in std::mem::take(&mut self.waiting) {
            if !waiting.flag.is_raised() {
                self.waiting.push(waiting);
                continue;
            }
            is_busy |= self.look_at_publication(waiting);
        }
        is_busy
    }

    fn look_at_publication(&mut self, mut waiting: Waiting) -> bool {
        waiting.flag.lower();
        let waker = waiting.flag.waker();
        match waiting.submission.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => {
                self.waiting.push(waiting);
                false
            }
            Poll::Ready(outcome) => {
                let told = waiting.serial.map(|serial| self.shelf.told(serial));
                self.judge_outcome(&outcome, told.map(|told| told.expect("it was told")));
                self.take(outcome, waiting.asked);
                true
            }
        }
    }

    /// The deadline of a publication has come.
    pub(crate) fn give_up(&mut self) {
        for mut waiting in std::mem::take(&mut self.waiting) {
            if waiting.submission.deadline().is_none_or(|until| self.now < until) {
                self.waiting.push(waiting);
                continue;
            }
            let outcome = waiting.submission.handle_timeout();
            match waiting.serial.and_then(|serial| self.shelf.told(serial)) {
                Some(told) => self.judge_outcome(&outcome, Some(told)),
                None => {
                    assert!(matches!(outcome, Err(PublishError::Unknown(_))), "{outcome:?}");
                    self.seen.note(Thing::TooLate, 1);
                }
            }
            self.take(outcome, waiting.asked);
        }
        self.give_up_joining();
    }

    fn judge_outcome(&mut self, outcome: &Result<Published, PublishError>, told: Option<Verdict>) {
        match (outcome, told) {
            (Ok(published), Some(Verdict::Stored { position, is_duplicate })) => {
                assert_eq!(
                    (published.position(), published.is_duplicate()),
                    (position, is_duplicate)
                );
                self.seen.note(Thing::Duplicate, u64::from(is_duplicate));
            }
            (Err(PublishError::Unknown(_)), Some(Verdict::Unknown)) => {
                self.seen.note(Thing::UnknownOutcome, 1);
            }
            (Err(refused), Some(Verdict::Refused(told))) => {
                let expected = match told {
                    Refused::Finished { .. } => PublishError::NotConnected,
                    Refused::KeyReused => PublishError::KeyReused,
                    Refused::Unavailable(why) => PublishError::Unavailable(why),
                    told => panic!("{told:?}"),
                };
                assert_eq!(*refused, expected);
                self.seen.note(Thing::Refused, 1);
            }
            // The hub has refused it alone.
            (Err(PublishError::NotConnected | PublishError::TooLarge { .. }), None) => {
                self.seen.note(Thing::RefusedByHub, 1);
            }
            (outcome, told) => panic!("the store has told {told:?}, and it is {outcome:?}"),
        }
    }

    fn take(&mut self, outcome: Result<Published, PublishError>, asked: Again) {
        self.say(|| {
            let outcome = outcome.as_ref().map(|published| published.position());
            format!("{} {:?}: {outcome:?}", asked.action, &asked.body[..asked.body.len().min(40)])
        });
        match outcome {
            Ok(published) => {
                if let (Some(checked), Some(position)) = (&asked.checked, published.position()) {
                    checked.acknowledge(position);
                    let token = asked.token;
                    self.note_acknowledged(token, position);
                }
                published.wake();
            }
            Err(PublishError::Unknown(_)) => self.leave_unknown(asked),
            Err(_) => {
                if let Some(checked) = &asked.checked {
                    checked.refuse();
                }
            }
        }
    }

    fn note_acknowledged(&mut self, token: usize, position: Position) {
        let name = self.tokens[token].as_str();
        let (is_there, breaks) = self.shelf.look(name, |kept| (kept.has(position), kept.breaks));
        let (known, newest) = self.acknowledged[token];
        if is_there && (known != breaks || newest < position.seq()) {
            self.acknowledged[token] = (breaks, position.seq());
        }
    }

    pub(crate) fn leave_unknown(&mut self, asked: Again) {
        if let Some(checked) = &asked.checked {
            checked.leave_unknown();
        }
        if asked.key.is_some() {
            self.unknown.push(asked);
        }
    }
}
