use std::time::{Duration, Instant};

use super::{
    Hub, HubLimit, Post, PublishError, Published, Wakers,
    cell::Cell,
    command::{Command, find_action},
    lives::NotOpened,
    sync::Arc,
};
use crate::{
    Event, Token,
    channel::{Outcome, Publication},
};

/// The way of a publication: what is asked for becomes a `Command`, which is applied to the channel
/// under its lock, and what follows from that for others is done afterwards.
impl Hub {
    /// Does what the POST action `action` with `body` asks for, on the channel `token`.
    ///
    /// An event is delivered to everyone who listens at this moment, once and in order. The wakers
    /// in what is returned are woken when it is dropped, if not before.
    ///
    /// # Errors
    ///
    /// [`PublishError`] says what was refused; nothing was published then, and no id was used. It is
    /// [`PublishError::HasStore`] in a hub with a store: use [`Self::submit`] there.
    pub fn publish(
        &self,
        token: &Token,
        action: &str,
        body: &[u8],
        now: Instant,
    ) -> Result<Published, PublishError> {
        self.post(token, &Post::new(action, body), now)
    }

    /// Does what `post` asks for, on the channel `token`; see [`Self::publish`].
    ///
    /// # Errors
    ///
    /// See [`Self::publish`].
    pub fn post(
        &self,
        token: &Token,
        post: &Post<'_>,
        now: Instant,
    ) -> Result<Published, PublishError> {
        self.apply(token, Command::from_post(post, self.config(), self.shared.bounds.batch()), now)
    }

    /// Publishes `event` as it is on the channel `token`, without an action and a format.
    ///
    /// ```
    /// # use std::time::Instant;
    /// use sse_core::{Event, Hub, HubConfig, StringFormat, Token, event::EventName};
    ///
    /// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
    /// let token = Token::new("42")?;
    /// let _listener = hub.subscribe(&token, now)?;
    /// let reading = Event::data("21.5").with_name(EventName::from_static("reading"));
    /// assert_eq!(hub.send(&token, reading, now)?.listeners(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PublishError::OwnId`], [`PublishError::Reserved`] and [`PublishError::Empty`] for an event that
    /// cannot be published so; otherwise as for [`Self::publish`].
    pub fn send(
        &self,
        token: &Token,
        event: Event,
        now: Instant,
    ) -> Result<Published, PublishError> {
        self.send_all(token, [event], now)
    }

    /// Publishes `events` as they are on the channel `token`, all of them or none; see [`Self::send`].
    ///
    /// # Errors
    ///
    /// [`PublishError::TooManyEvents`] for more than
    /// [`HubConfig::with_max_batch`](crate::HubConfig::with_max_batch); otherwise as for [`Self::send`].
    pub fn send_all(
        &self,
        token: &Token,
        events: impl IntoIterator<Item = Event>,
        now: Instant,
    ) -> Result<Published, PublishError> {
        self.apply(
            token,
            Command::from_events(events, self.config(), self.shared.bounds.batch()),
            now,
        )
    }

    /// Tells all who listen on the channel `token`, and those to come, after how long to come back when
    /// their connection breaks.
    ///
    /// # Errors
    ///
    /// As for [`Self::publish`].
    pub fn set_retry(
        &self,
        token: &Token,
        retry: Duration,
        now: Instant,
    ) -> Result<Published, PublishError> {
        self.apply(token, Ok(Command::from_retry(retry)), now)
    }

    /// Finishes the channel `token`: every listener's stream ends after what was published, and the token
    /// is free, at once or after [`HubConfig::with_closed_ttl`](crate::HubConfig::with_closed_ttl).
    ///
    /// # Errors
    ///
    /// [`PublishError::NotConnected`].
    pub fn close(&self, token: &Token, now: Instant) -> Result<Published, PublishError> {
        self.apply(token, Ok(Command::Finish), now)
    }

    /// Whether `action` could be published on the channel `token`, before there is a body.
    ///
    /// # Errors
    ///
    /// [`PublishError::NotConnected`] and [`PublishError::UnknownAction`], looked at in this order.
    pub fn check_publish(
        &self,
        token: &Token,
        action: &str,
        now: Instant,
    ) -> Result<(), PublishError> {
        self.forget_old(now);
        if !self.is_reachable(token, now) {
            return Err(PublishError::NotConnected);
        }
        find_action(self.config().actions(), action).map(|_| ())
    }

    /// Does what was decided. That nobody listens is said first, whatever else is wrong.
    fn apply(
        &self,
        token: &Token,
        command: Result<Command, PublishError>,
        now: Instant,
    ) -> Result<Published, PublishError> {
        if self.config().store().is_some() {
            return Err(PublishError::HasStore);
        }
        self.forget_old(now);
        let published = command.and_then(|command| match command {
            Command::Publish(publication) => self.append(token, publication, now),
            Command::Finish => self.finish(token, now),
        });
        self.shared.watchers.wake();
        published.map_err(|refused| match refused {
            refused if self.is_reachable(token, now) => refused,
            _ => PublishError::NotConnected,
        })
    }

    fn append(
        &self,
        token: &Token,
        publication: Publication,
        now: Instant,
    ) -> Result<Published, PublishError> {
        let events = publication.events();
        let mut publication = Some(publication);
        loop {
            let cell = self.reach(token, now)?;
            let (outcome, effects) = cell.publish(&mut publication, now);
            let (id, listeners, is_duplicate) = match outcome {
                Some(Outcome::Published { id, listeners }) => (id, listeners, false),
                Some(Outcome::Duplicate { id, listeners }) => (id, listeners, true),
                Some(Outcome::KeyReused) => {
                    self.follow(&cell, effects);
                    return Err(PublishError::KeyReused);
                }
                Some(Outcome::NotConnected) => return Err(PublishError::NotConnected),
                None => {
                    self.follow(&cell, effects);
                    continue;
                }
            };
            if !is_duplicate {
                self.shared.tally.publish(events);
            }
            let overrun = self.follow_publication(&cell, effects);
            let wakers = Wakers::one(cell, effects.tickets);
            return Ok(Published { id, listeners, overrun, is_duplicate, wakers });
        }
    }

    /// Ends the streams of all who listen on the channel `token`.
    pub(super) fn finish(&self, token: &Token, now: Instant) -> Result<Published, PublishError> {
        if !self.is_reachable(token, now) {
            return Err(PublishError::NotConnected);
        }
        let config = &self.config().channel;
        loop {
            let Some(cell) = self.table.find(token) else {
                // Where a publication needs no listener, at most the last position is left to end.
                let until = config.closed_ttl.map(|ttl| now.checked_add(ttl));
                let end = || self.shared.tombstones.finish(token, until, now);
                if self.table.unless_there(token, end) {
                    return Ok(Published::to(0));
                }
                continue;
            };
            let (here, effects) = cell.end(|channel| channel.finish(config, now));
            let Some(listeners) = here else {
                self.take_out(&cell);
                continue;
            };
            let overrun = self.follow(&cell, effects);
            let wakers = Wakers::one(cell, effects.tickets);
            return Ok(Published { overrun, wakers, ..Published::to(listeners) });
        }
    }

    /// The channel `token` where one may publish on it: without history it must be there.
    fn reach(&self, token: &Token, now: Instant) -> Result<Arc<Cell>, PublishError> {
        match self.config().history() {
            None => self.table.find(token).ok_or(PublishError::NotConnected),
            Some(_) => self.open(token, now).map_err(|refused| match refused {
                NotOpened::Closed => PublishError::NotConnected,
                NotOpened::Shutdown => PublishError::Shutdown,
                NotOpened::Full => {
                    let (limit, max) = (HubLimit::Channels, self.shared.bounds.channels());
                    self.shared.tally.refuse(limit);
                    PublishError::Limit { limit, max }
                }
            }),
        }
    }

    /// Whether a publication on the channel `token` would be for anyone, now or later.
    pub(super) fn is_reachable(&self, token: &Token, now: Instant) -> bool {
        match self.config().history() {
            None => 0 < self.listeners(token),
            Some(_) => !self.shared.tombstones.is_closed(token, now),
        }
    }
}
