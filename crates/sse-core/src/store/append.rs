use std::time::Duration;

use crate::{
    Event, Token,
    channel::{Content, Drafts, IdempotencyKey, Publication},
    history::Position,
    wire::{self, Frame},
};

/// A publication that is to be stored, all of it or nothing.
#[derive(Debug)]
pub struct Append {
    token: Token,
    drafts: Vec<Draft>,
    retry: Option<Duration>,
    key: Option<(IdempotencyKey, u64)>,
}

impl Append {
    /// The events `events` on the channel `token`: what a hub asks a store for, made by hand to try a store.
    ///
    /// ```
    /// use sse_core::{Event, Token, store::Append};
    ///
    /// let append = Append::of(Token::new("42")?, [Event::data("21.5")]);
    /// assert_eq!((append.token().as_str(), append.events()), ("42", 1));
    /// # Ok::<(), sse_core::channel::TokenError>(())
    /// ```
    pub fn of(token: Token, events: impl IntoIterator<Item = Event>) -> Self {
        let drafts = events.into_iter().map(|event| Draft(wire::Draft::of(&event, ID_ROOM)));
        Self { token, drafts: drafts.collect(), retry: None, key: None }
    }

    /// Sets the channel's reconnection time.
    #[must_use]
    pub fn with_retry(mut self, retry: Duration) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Names the publication, with a digest of what is asked for under the name.
    #[must_use]
    pub fn with_key(mut self, key: IdempotencyKey, digest: u64) -> Self {
        self.key = Some((key, digest));
        self
    }

    pub(crate) fn new(token: Token, publication: Publication) -> Self {
        let Publication { content, key } = publication;
        let (drafts, retry) = match content {
            Content::Events(Drafts::One(draft)) => (vec![Draft(draft)], None),
            Content::Events(Drafts::Many(drafts)) => {
                (drafts.into_iter().map(Draft).collect(), None)
            }
            Content::Retry(retry) => (Vec::new(), Some(retry)),
        };
        Self { token, drafts, retry, key }
    }

    /// The channel that is published to.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// The reconnection time that the channel is to have.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// The name of the publication, and a digest of what was asked for under it.
    ///
    /// The digest of the same publication is the same on every machine and in every version.
    pub fn key(&self) -> Option<(&IdempotencyKey, u64)> {
        self.key.as_ref().map(|(key, digest)| (key, *digest))
    }

    /// How many events there are: none if only a reconnection time is published.
    pub fn events(&self) -> usize {
        self.drafts.len()
    }

    /// The events, in their order.
    pub fn drafts(&self) -> &[Draft] {
        &self.drafts
    }

    /// The events, in their order.
    pub fn into_drafts(self) -> Vec<Draft> {
        self.drafts
    }
}

/// An event that is to be stored, encoded but for its id.
#[derive(Debug)]
pub struct Draft(wire::Draft);

impl Draft {
    /// How many bytes the event will have, without its id.
    #[expect(clippy::len_without_is_empty, reason = "an event is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What the event begins with, up to the line of its id: a store may write that line itself, `id: ` and the
    /// position, and then a blank one.
    ///
    /// ```
    /// use sse_core::{Event, Token, history::Position, store::{Append, Entry}};
    ///
    /// let append = Append::of(Token::new("42")?, [Event::data("21.5")]);
    /// let draft = append.into_drafts().remove(0);
    /// let written = [draft.as_bytes(), b"id: 1042.k3f9x2q1\n\n"].concat();
    /// let position = Position::parse(b"1042.k3f9x2q1").expect("well-formed");
    /// assert_eq!(Entry::read(written), Some(Entry::new(position, draft.finish(position))));
    /// # Ok::<(), sse_core::channel::TokenError>(())
    /// ```
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The event at `position`, which becomes its id.
    pub fn finish(self, position: Position) -> Frame {
        self.0.finish(Some(&position))
    }
}

/// For `id: `, a number, a dot and an epoch.
const ID_ROOM: usize = 40;
