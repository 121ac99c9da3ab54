use std::time::Instant;

use super::{
    Channel, ChannelConfig, Content, Drafts, Publication, PublishedId, keys::KnownKey,
    machine::Life,
};
use crate::{
    Event,
    id_source::IdSource,
    wire::{Draft, Frame},
};

/// What a publication does to a channel.
impl Channel {
    /// Publishes for everyone who is here, and for those who come back; `publication` is taken then. Each event
    /// is shown to `appended`, with its number.
    pub(crate) fn publish(
        &mut self,
        publication: &mut Option<Publication>,
        (ids, appended): (Option<&dyn IdSource>, impl FnMut(u64, &Frame, Instant)),
        config: &ChannelConfig,
        now: Instant,
    ) -> Outcome {
        // Publishers read the clock before they wait for the lock: in here time does not go back.
        let now = now.max(self.used);
        let known = publication.as_ref().and_then(|publication| {
            let (key, digest) = publication.key.as_ref()?;
            Some((self.keys.as_ref()?.find(key)?, *digest))
        });
        if let Some((known, digest)) = known {
            return self.repeat(known, digest);
        }
        let listeners = self.listeners.here();
        if listeners == 0 && self.log.window().is_none() {
            return Outcome::NotConnected;
        }
        let Some(Publication { content, key }) = publication.take() else {
            return Outcome::NotConnected;
        };
        let newest = self.log.end();
        let id = match content {
            Content::Events(drafts) => self.append(drafts, (ids, appended), now),
            Content::Retry(retry) => {
                self.log.append_aside(Event::default().with_retry(retry).encode(), now);
                self.retry = Some((retry, now));
                None
            }
        };
        if let Some((key, digest)) = key
            && let Some(history) = &config.history
        {
            let end = self.log.end();
            let event = (newest.event < end.event).then(|| end.event - 1);
            let keys = self.keys.get_or_insert_default();
            keys.insert(key, KnownKey { digest, event }, history, now);
        }
        (self.life, self.used, self.newest) = (Life::Open, now, newest);
        self.log.settle(now);
        self.bound(config);
        self.forget_if_deserted(config);
        Outcome::Published { id, listeners }
    }

    /// Appends events; returns the id of the last one. All ids are there before the first is appended:
    /// their source is the user's code, and may panic.
    fn append(
        &mut self,
        drafts: Drafts,
        (ids, mut appended): (Option<&dyn IdSource>, impl FnMut(u64, &Frame, Instant)),
        now: Instant,
    ) -> Option<PublishedId> {
        let mut last = None;
        let next = self.log.end().event;
        let mut finish = |seq, draft: Draft| {
            last = match (self.log.window(), ids) {
                (Some(window), _) => Some(PublishedId::Position(window.position(seq))),
                (None, Some(ids)) => Some(PublishedId::Id(ids.next_id(now))),
                (None, None) => draft.own_id().cloned().map(PublishedId::Id),
            };
            draft.finish(last.as_ref())
        };
        match drafts {
            Drafts::One(draft) => {
                let frame = finish(next, draft);
                appended(next, &frame, now);
                self.log.append(frame, now);
            }
            Drafts::Many(drafts) => {
                let numbered = (next..).zip(drafts);
                let frames: Vec<_> = numbered.map(|(seq, draft)| finish(seq, draft)).collect();
                for (seq, frame) in (next..).zip(frames) {
                    appended(seq, &frame, now);
                    self.log.append(frame, now);
                }
            }
        }
        last
    }

    /// The answer to a publication whose key is known.
    fn repeat(&self, known: KnownKey, digest: u64) -> Outcome {
        if known.digest != digest {
            return Outcome::KeyReused;
        }
        let window = self.log.window();
        let id = window.zip(known.event).map(|(window, seq)| window.position(seq));
        let (id, listeners) = (id.map(PublishedId::Position), self.listeners.here());
        Outcome::Duplicate { id, listeners }
    }
}

/// What became of a publication.
#[derive(Debug)]
pub(crate) enum Outcome {
    Published {
        id: Option<PublishedId>,
        listeners: usize,
    },
    /// It was published before, under the same key.
    Duplicate {
        id: Option<PublishedId>,
        listeners: usize,
    },
    /// Something else was published under its key.
    KeyReused,
    /// Nobody listens, and nothing would be remembered.
    NotConnected,
}
