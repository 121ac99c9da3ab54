use sse_core::{
    Event,
    event::{EventId, EventName},
    hub::{HubLimit, Post, PublishError},
};

use crate::{
    draw::Payload,
    model::{Key, cost},
    publishing::Way,
    seen::Thing,
    world::World,
};

impl World {
    /// What cannot be published is refused for what it is, and changes nothing.
    pub(crate) fn refuse(&mut self, token: usize) {
        self.come();
        let is_reachable = self.model.is_reachable(token);
        let (hub, name, now) = (&self.hub, self.settings.token(token), self.now);
        let system = Event::data("1").with_name(EventName::new("sse.open").unwrap());
        let own = Event::data("1").with_id(EventId::new("own").unwrap());
        let batch = Post::new("ping", b"\n \n").with_batch();
        let mut refusals = vec![
            ("Format", hub.publish(name, "ping", b"\xff", now)),
            ("Format", hub.publish(name, "retry", b"soon", now)),
            ("UnknownAction", hub.publish(name, "none", b"", now)),
            ("Empty", hub.post(name, &batch, now)),
            ("Empty", hub.send(name, Event::default(), now)),
            ("Empty", hub.send_all(name, [], now)),
            ("Reserved", hub.send(name, system.clone(), now)),
            ("Reserved", hub.send_all(name, [Event::data("1"), system], now)),
        ];
        if self.settings.has_ids {
            refusals.push(("OwnId", hub.send(name, own, now)));
        }
        for (expected, refused) in refusals {
            let expected = if is_reachable { expected } else { "NotConnected" };
            let refused = refused.expect_err(expected);
            assert_eq!(self.name(&refused), expected);
        }
        self.go_refused();
    }

    /// Why this cannot be published, whatever its key is, before the channel is looked at.
    pub(crate) fn refusal(
        &self,
        token: usize,
        payloads: &[Payload],
        way: Way,
    ) -> Option<&'static str> {
        if !self.model.is_reachable(token) {
            return Some("NotConnected");
        }
        let is_batch = matches!(way, Way::Batch | Way::SendAll);
        if is_batch && self.settings.max_batch < payloads.len() {
            return Some("TooManyEvents");
        }
        if self.settings.max_publication() < self.cost(payloads) {
            return Some("TooLarge");
        }
        self.unreachable(token)
    }

    /// What is said of a key, if it is known.
    pub(crate) fn known(&self, token: usize, key: Option<&Key>) -> Option<&'static str> {
        let key = key.filter(|_| self.settings.history.is_some())?;
        let known = self.model.channel(token)?.0.keys.find(&key.name)?;
        let is_same = (known.action, &known.body) == (key.action, &key.body);
        Some(if is_same { "Duplicate" } else { "KeyReused" })
    }

    fn cost(&self, payloads: &[Payload]) -> usize {
        let id = self.settings.id_cost();
        let len = |payload: &Payload| payload.frame_len(payload.own_id.as_deref());
        payloads.iter().map(|payload| cost(len(payload)) + id).sum()
    }

    /// Why nothing at all can be published to a token.
    pub(crate) fn unreachable(&self, token: usize) -> Option<&'static str> {
        if !self.model.is_reachable(token) {
            return Some("NotConnected");
        }
        if self.model.channel(token).is_some() {
            return None;
        }
        if self.model.drained.is_some() {
            return Some("Shutdown");
        }
        self.model.is_full().then_some("Channels")
    }

    /// The name of a refusal, whose numbers are right.
    pub(crate) fn name(&mut self, refused: &PublishError) -> &'static str {
        let settings = &self.settings;
        let (name, thing) = match refused {
            PublishError::NotConnected => ("NotConnected", Thing::OtherRefusal),
            PublishError::Shutdown => ("Shutdown", Thing::OtherRefusal),
            PublishError::Limit { limit: HubLimit::Channels, max } => {
                assert_eq!(*max, settings.max_channels);
                ("Channels", Thing::AtLimit)
            }
            PublishError::TooLarge { bytes, max } => {
                assert_eq!(*max, settings.max_publication());
                assert!(max < bytes, "{refused}");
                ("TooLarge", Thing::TooLarge)
            }
            PublishError::TooManyEvents { max } => {
                assert_eq!(*max, settings.max_batch);
                ("TooManyEvents", Thing::TooManyEvents)
            }
            PublishError::KeyReused => ("KeyReused", Thing::KeyReused),
            PublishError::OwnId { .. } => ("OwnId", Thing::OtherRefusal),
            PublishError::Reserved { .. } => ("Reserved", Thing::OtherRefusal),
            PublishError::Empty => ("Empty", Thing::OtherRefusal),
            PublishError::UnknownAction { .. } => ("UnknownAction", Thing::OtherRefusal),
            PublishError::Format(_) => ("Format", Thing::OtherRefusal),
            other => panic!("nobody asked for {other:?}"),
        };
        self.seen.note(thing, 1);
        name
    }
}
