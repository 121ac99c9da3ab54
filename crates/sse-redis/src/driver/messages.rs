//! What other nodes tell, and this one to itself.

use std::time::Instant;

use super::{Driver, telling::Then};
use crate::{
    message::Message,
    order::{Item, Place},
    shared::count,
};

impl Driver {
    pub(super) fn take_messages(&mut self, now: Instant) {
        let Some(number) = self.session.as_ref().map(|session| session.number) else {
            return;
        };
        let (messages, lost) = self.shared.inbox.take_messages(number);
        for pushed in messages {
            if pushed.session == number {
                count(&self.shared.tally.messages);
                self.handle_message(&pushed.channel, pushed.payload, now);
            }
        }
        if let Some(why) = lost {
            self.lose(why.to_owned());
        }
    }

    fn handle_message(&mut self, channel: &[u8], payload: Vec<u8>, now: Instant) {
        let keys = self.shared.keys.clone();
        if channel == keys.own(&self.shared.node).as_bytes() {
            self.probe.come = self.probe.sent;
            return;
        }
        if channel == keys.everywhere().as_bytes() {
            return self.hear_revocation(&payload, now);
        }
        let Some(id) = keys.id(channel) else {
            return;
        };
        let Some(known) = self.channels.get(id) else {
            return;
        };
        let behind = known.order.tail();
        match Message::read(payload) {
            Some(Message::Events { life, entries }) => {
                let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
                    return;
                };
                let (first, last) = (first.position(), last.position());
                let what =
                    Place::Events { first: first.seq(), last: last.seq(), epoch: last.epoch() };
                self.put(id, Item { life, what, told: Then::Published(entries) }, now);
            }
            Some(Message::Retry { retry }) => {
                // It has no place among the events, and the next check finds it if it is lost.
                if let Some(tail) = behind {
                    let what = Place::Behind(tail.at.seq());
                    self.put(id, Item { life: tail.life, what, told: Then::Retry(retry) }, now);
                }
            }
            Some(Message::Finished { life, last, left }) => {
                self.put(
                    id,
                    Item { life, what: Place::Behind(last), told: Then::Finished(left) },
                    now,
                );
            }
            Some(Message::Claimed { node, fence }) => self.hear_claim(id, &node, fence, now),
            None => tracing::warn!(
                channel = %String::from_utf8_lossy(channel),
                "a message that cannot be read: another version, or not from a node"
            ),
        }
    }
}
