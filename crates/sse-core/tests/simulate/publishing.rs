use std::time::Duration;

use sse_core::{
    Event,
    channel::IdempotencyKey,
    event::{EventId, EventName},
    hub::{Post, PublishError, Published},
};

use crate::{
    draw::{self, Payload},
    model::{Key, New, parse},
    seen::Thing,
    settings::ROOMY,
    world::World,
};

/// A way to publish events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    Post,
    Batch,
    Send,
    SendAll,
}

impl World {
    pub(crate) fn publish(&mut self, token: usize) {
        let way = match self.random.below(12) {
            0..6 => Way::Post,
            6 => Way::Batch,
            7 => Way::SendAll,
            _ => Way::Send,
        };
        let mut payloads = self.payloads(token, way);
        let key = if way == Way::Post { self.key(token, &mut payloads) } else { None };
        self.come();
        let refusal = self.refusal(token, &payloads, way);
        if refusal.is_none() {
            self.ask_for(token);
        }
        // With what was over age, the channel itself may have gone.
        let refusal = refusal.or_else(|| self.unreachable(token));
        let expected = refusal.or_else(|| self.known(token, key.as_ref()));
        let answer = self.ask(token, &payloads, way, key.as_ref());
        match answer {
            Ok(published) if published.is_duplicate() => {
                assert_eq!(expected, Some("Duplicate"));
                self.check_duplicate(token, &key.expect("it has a key"), published);
            }
            Ok(published) => {
                assert_eq!(expected, None, "it was accepted");
                self.note_published(way, &payloads);
                self.accept(token, payloads, key, published);
            }
            Err(refused) => {
                assert_eq!(Some(self.name(&refused)), expected, "{refused:?}");
                self.go_refused();
            }
        }
    }

    /// A new reconnection time, asked for or set by code.
    pub(crate) fn set_retry(&mut self, token: usize) {
        let millis = self.random.below(10_000) as u64;
        let by_code = self.random.once_in(2);
        self.come();
        let mut expected = self.unreachable(token);
        if expected.is_none() {
            self.ask_for(token);
            expected = self.unreachable(token);
        }
        let name = self.settings.token(token);
        let answer = if by_code {
            self.hub.set_retry(name, Duration::from_millis(millis), self.now)
        } else {
            self.hub.publish(name, "retry", millis.to_string().as_bytes(), self.now)
        };
        match answer {
            Ok(published) => {
                assert_eq!(expected, None, "it was accepted");
                assert_eq!((published.id(), published.position()), (None, None));
                self.seen.note(Thing::Retry, 1);
                self.open(token, None);
                self.append(token, New { retry: Some(millis), ..New::default() }, published);
            }
            Err(refused) => {
                assert_eq!(Some(self.name(&refused)), expected, "{refused:?}");
                self.go_refused();
            }
        }
    }

    pub(crate) fn close(&mut self, token: usize) {
        let by_code = self.random.once_in(2);
        self.come();
        let name = self.settings.token(token);
        let answer = if by_code {
            self.hub.close(name, self.now)
        } else {
            self.hub.publish(name, "close", b"", self.now)
        };
        let published = match answer {
            Ok(published) => published,
            Err(refused) => {
                assert_eq!(refused, PublishError::NotConnected);
                assert!(!self.model.is_reachable(token), "it can be closed");
                return self.go_refused();
            }
        };
        assert!(self.model.is_reachable(token), "nobody is there");
        assert_eq!(published.listeners(), self.model.here(token));
        let readers = self.readers(token);
        self.seen.note(Thing::Ended, 1);
        let is_behind = readers.iter().any(|&who| self.model.is_behind(who));
        self.seen.note(Thing::EndedBehind, u64::from(is_behind));
        self.model.close(token, self.now);
        self.go(Some(&published));
        self.wake(&readers, published);
    }

    fn payloads(&mut self, token: usize, way: Way) -> Vec<Payload> {
        let count = match way {
            Way::Post | Way::Send => 1,
            Way::Batch | Way::SendAll => draw::batch_len(&mut self.random, self.settings.max_batch),
        };
        let by_code = matches!(way, Way::Send | Way::SendAll);
        let is_one_of_many = way == Way::Batch || 20 < count;
        // A log that holds one long event, and hardly another, is overrun in the middle of it.
        // One that holds more is there to be read in full writes.
        let often = match self.settings.max_log {
            40_000 => (20, 10),
            40_001.. => (3, 100),
            _ => (20, 100),
        };
        let often = (!is_one_of_many).then_some(often);
        let is_tight = self.settings.max_history < ROOMY;
        let payload = |n: usize| {
            let random = &mut self.random;
            let data = draw::data(random, self.model.published + n as u64, often);
            let name = match random.below(3) {
                0 if by_code => None,
                1 if way != Way::Batch => Some("note"),
                _ => Some("ping"),
            };
            let has_own = by_code && !self.settings.has_ids && random.once_in(2);
            let retry = (by_code && random.once_in(8)).then_some(1_234);
            let own_id = has_own.then(|| format!("own-{n}"));
            let payload = Payload { name, data, retry, own_id };
            // Where windows shrink, what is counted says whose events are left.
            if is_tight { payload.with_len_of(4 * token, 64) } else { payload }
        };
        (0..count).map(payload).collect()
    }

    /// Now and then a key, and with it what was published under that key before.
    fn key(&mut self, token: usize, payloads: &mut [Payload]) -> Option<Key> {
        if !self.random.once_in(6) {
            return None;
        }
        // Of another length for each channel, so that what is counted says whose keys are left.
        let name = format!("{}{}", "k".repeat(1 + token), self.random.below(4));
        let known = self.model.channel(token).and_then(|(channel, _)| channel.keys.find(&name));
        if let Some(known) = known
            && !self.random.once_in(4)
        {
            payloads[0].data = known.body.clone();
            payloads[0].name = Some(known.action);
        }
        let (action, body) = (payloads[0].name.expect("it is a POST"), payloads[0].data.clone());
        Some(Key { name, action, body, event: None, at: self.now })
    }

    fn ask(
        &self,
        token: usize,
        payloads: &[Payload],
        way: Way,
        key: Option<&Key>,
    ) -> Result<Published, PublishError> {
        let (hub, token, now) = (&self.hub, self.settings.token(token), self.now);
        let first = &payloads[0];
        match way {
            Way::Post => {
                let action = first.name.expect("it is a POST");
                let mut post = Post::new(action, first.data.as_bytes());
                if let Some(key) = key {
                    post = post.with_key(IdempotencyKey::try_from(key.name.as_bytes()).unwrap());
                }
                hub.post(token, &post, now)
            }
            Way::Batch => {
                let lines: Vec<_> = payloads.iter().map(|payload| &*payload.data).collect();
                let body = lines.join("\n");
                hub.post(token, &Post::new("ping", body.as_bytes()).with_batch(), now)
            }
            Way::Send => hub.send(token, event(first), now),
            Way::SendAll => hub.send_all(token, payloads.iter().map(event), now),
        }
    }

    fn check_duplicate(&mut self, token: usize, key: &Key, published: Published) {
        let (channel, life) = self.model.channel(token).expect("keys are remembered");
        let known = channel.keys.find(&key.name).expect("it is known");
        let first = known.event.map(|seq| life.position(seq));
        assert_eq!(published.id().map(|id| id.as_str().to_owned()), first, "the first ID");
        self.seen.note(Thing::Duplicate, 1);
        self.go(Some(&published));
        published.wake();
    }

    /// Notes in the model what the hub has taken.
    fn accept(
        &mut self,
        token: usize,
        payloads: Vec<Payload>,
        key: Option<Key>,
        published: Published,
    ) {
        let last = published.id().map(|id| id.as_str().to_owned());
        let position = published.position().map(|position| position.to_string());
        let is_remembered = self.settings.history.is_some();
        assert_eq!(position, last.clone().filter(|_| is_remembered), "the position");
        let count = payloads.len() as u64;
        let ids: Vec<String> = if is_remembered {
            let (seq, epoch) = parse(last.as_deref().unwrap()).expect("a position");
            self.open(token, Some(epoch));
            let (_, life) = self.model.channel(token).unwrap();
            assert_eq!(seq, life.top() + count, "IDs are contiguous");
            (1..=count).map(|n| life.position(life.top() + n)).collect()
        } else if self.settings.has_ids {
            (0..count).map(|n| (self.model.published + n).to_string()).collect()
        } else {
            Vec::new()
        };
        let id_of = |n: usize| ids.get(n).or(payloads[n].own_id.as_ref());
        assert_eq!(last.as_ref(), id_of(payloads.len() - 1), "the last ID");
        let frames = payloads.iter().enumerate();
        let frames = frames.map(|(n, payload)| payload.frame(id_of(n).map(String::as_str)));
        let events = frames.collect();
        self.append(token, New { events, retry: None, key }, published);
    }

    fn append(&mut self, token: usize, new: New, published: Published) {
        assert_eq!(published.listeners(), self.model.here(token), "how many it is for");
        let readers = self.readers(token);
        self.model.append(token, new, self.now);
        self.go(Some(&published));
        self.wake(&readers, published);
    }

    fn wake(&mut self, readers: &[usize], published: Published) {
        published.wake();
        for &who in readers {
            self.assert_woken(who);
        }
    }

    /// Those whom a publication to a token is for.
    pub(crate) fn readers(&self, token: usize) -> Vec<usize> {
        let is_here = |who: &usize| self.model.is_here(*who) && self.model.token_of(*who) == token;
        (0..self.connections.len()).filter(is_here).collect()
    }

    fn note_published(&mut self, way: Way, payloads: &[Payload]) {
        let long = payloads.iter().filter(|payload| 16 << 10 < payload.data.len()).count();
        self.seen.note(Thing::LongEvent, long as u64);
        match way {
            Way::Post => (),
            Way::Batch => self.seen.note(Thing::Batch, 1),
            Way::Send | Way::SendAll => self.seen.note(Thing::Sent, 1),
        }
    }
}

fn event(payload: &Payload) -> Event {
    let mut event = Event::data(&*payload.data);
    if let Some(name) = payload.name {
        event = event.with_name(EventName::from_static(name));
    }
    if let Some(retry) = payload.retry {
        event = event.with_retry(Duration::from_millis(retry));
    }
    if let Some(id) = &payload.own_id {
        event = event.with_id(EventId::new(id.as_str()).unwrap());
    }
    event
}
