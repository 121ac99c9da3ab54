use std::{cmp::Reverse, time::Instant};

use super::{
    Hub, Limit, Overrun, Post, PublishError, Published, Wakers,
    channel::{Channel, Ended},
    posting::{Appended, Content, Posting, Refused},
    registry::Full,
    sync::Arc,
};
use crate::{Action, CloseReason, Event, EventName, Token, action::parse_retry};

impl Hub {
    /// Does what the POST action `action` with `body` asks for, on the channel `token`.
    ///
    /// An event is delivered to everyone who listens at this moment, once and in order. The wakers
    /// in what is returned must be woken, or idle listeners hear of it late.
    ///
    /// # Errors
    ///
    /// [`PublishError`] says what was refused; nothing was published then, and no id was used.
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
        self.expire(now);
        let posted = self.dispatch(token, post, now);
        self.shared.watchers.wake();
        posted.map_err(|refused| self.rank(token, refused, now))
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
        if !self.is_reachable(token, now) {
            return Err(PublishError::NotConnected);
        }
        self.find_action(action).map(|_| ())
    }

    /// Whether a publication on the channel `token` would be for anyone, now or later.
    fn is_reachable(&self, token: &Token, now: Instant) -> bool {
        if self.config().history.is_none() {
            return 0 < self.listeners(token);
        }
        self.registry.find(token).is_none_or(|channel| !channel.is_ended(now))
    }

    fn dispatch(
        &self,
        token: &Token,
        post: &Post<'_>,
        now: Instant,
    ) -> Result<Published, PublishError> {
        let (name, action) = self.find_action(post.action)?;
        let mut posting = Posting {
            content: Content::Events(Vec::new()),
            ids: self.config().ids.as_deref(),
            key: post.key.as_ref(),
        };
        if action != Action::Finish
            && let Some(duplicate) = self.find_duplicate(token, &posting, now)
        {
            return Ok(duplicate);
        }
        posting.content = match action {
            Action::Event => Content::Events(self.events(name, post)?),
            Action::Retry => Content::Retry(parse_retry(post.body)?),
            Action::Finish => return self.finish(token, now),
        };
        self.append(token, posting, now)
    }

    /// The events that a body stands for.
    fn events(&self, name: &EventName, post: &Post<'_>) -> Result<Vec<Event>, PublishError> {
        let format = self.config().format();
        let named = |data| Event::data(data).with_name(name.clone());
        if !post.is_batch {
            return Ok(vec![named(format.data(post.body)?)]);
        }
        let lines = (1..).zip(post.body.split(|&byte| byte == b'\n'));
        let written = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
        let events = written.map(|(number, line)| match format.data(line) {
            Ok(data) => Ok(named(data)),
            Err(error) => Err(PublishError::Line { line: number, error }),
        });
        let events: Vec<_> = events.collect::<Result<_, _>>()?;
        if events.is_empty() { Err(PublishError::Empty) } else { Ok(events) }
    }

    /// That nobody listens is said first, whatever else is wrong.
    fn rank(&self, token: &Token, refused: PublishError, now: Instant) -> PublishError {
        if let PublishError::Limit { limit, .. } = refused {
            self.shared.tally.refuse(limit);
        }
        if self.is_reachable(token, now) { refused } else { PublishError::NotConnected }
    }

    fn find_action(&self, name: &str) -> Result<(&EventName, Action), PublishError> {
        let unknown = || PublishError::UnknownAction { action: name.to_owned() };
        self.config().actions().find(name).ok_or_else(unknown)
    }

    fn find_duplicate(
        &self,
        token: &Token,
        posting: &Posting<'_>,
        now: Instant,
    ) -> Option<Published> {
        posting.key?;
        let find = |channel: &Channel| channel.find_duplicate(posting, now);
        let (channel, duplicate) = self.registry.visit(token, find)?;
        Some(self.published(channel, duplicate))
    }

    fn append(
        &self,
        token: &Token,
        mut posting: Posting<'_>,
        now: Instant,
    ) -> Result<Published, PublishError> {
        let mut append = |channel: &Channel| channel.append(&mut posting, now);
        if self.config().history.is_none() {
            let (channel, appended) =
                self.registry.visit(token, append).ok_or(PublishError::NotConnected)?;
            return Ok(self.published(channel, appended.map_err(|refused| self.refused(refused))?));
        }
        loop {
            let joined = self.registry.join(token, self.config().max_channels, &mut append, || {
                self.new_channel(token, now)
            });
            match joined {
                Ok((channel, appended)) => return Ok(self.published(channel, appended)),
                Err(Refused::NoRoom { needed }) if self.forget_oldest(needed, token) => (),
                Err(refused) => return Err(self.refused(refused)),
            }
        }
    }

    fn published(&self, channel: Arc<Channel>, appended: Appended) -> Published {
        let mut overrun = Vec::new();
        if let Some(due) = appended.due {
            self.expiry.push(due, &channel);
        }
        if 0 < appended.overrun {
            self.note_overrun(&channel, appended.overrun, &mut overrun);
        }
        if self.shared.unread.is_exceeded() {
            self.relieve(&channel, &mut overrun);
        }
        Published {
            id: appended.id,
            listeners: appended.listeners,
            is_duplicate: appended.is_duplicate,
            overrun,
            wakers: Wakers::one(channel, appended.tickets),
        }
    }

    fn refused(&self, refused: Refused) -> PublishError {
        let config = self.config();
        let limit = |limit, max| PublishError::Limit { limit, max };
        match refused {
            Refused::Ended => PublishError::NotConnected,
            Refused::NoRoom { .. } => limit(Limit::HistoryBytes, config.max_history_bytes),
            Refused::Channels => limit(Limit::Channels, config.max_channels),
            Refused::Shutdown => PublishError::Shutdown,
        }
    }

    fn finish(&self, token: &Token, now: Instant) -> Result<Published, PublishError> {
        let ttl = self.config().closed_ttl;
        let until = ttl.and_then(|ttl| now.checked_add(ttl));
        let finish = |channel: &Channel| channel.finish(CloseReason::Finished, until);
        let Some((channel, Ended { listeners, tickets })) = self.registry.visit(token, finish)
        else {
            // Where a publication needs no listener, there is nothing left to end.
            return match self.is_reachable(token, now) {
                true => Ok(Published::nothing()),
                false => Err(PublishError::NotConnected),
            };
        };
        self.registry.retire(&channel);
        match until {
            Some(until) => self.expiry.push(until, &channel),
            None => self.registry.forget(&channel),
        }
        // What was remembered is only there to be read now.
        let mut overrun = Vec::new();
        if self.shared.unread.is_exceeded() {
            self.relieve(&channel, &mut overrun);
        }
        let wakers = Wakers::one(channel, tickets);
        Ok(Published { listeners, overrun, wakers, ..Published::nothing() })
    }

    /// Makes room for `needed` bytes of history: those go first that nobody listens to and that were
    /// added to longest ago. More room is made than needed, so that looking through all channels is
    /// rare. Returns whether anything was forgotten: nothing is where that would not be enough.
    fn forget_oldest(&self, needed: usize, except: &Token) -> bool {
        let others = self.registry.named().into_iter();
        let others = others.filter(|channel| channel.token() != except);
        let mut idle: Vec<_> =
            others.filter_map(|channel| Some((channel.idle()?, channel))).collect();
        let history = &self.shared.history;
        let freed: usize = idle.iter().map(|((_, cost), _)| cost).sum();
        if history.max() < history.get().saturating_sub(freed).saturating_add(needed) {
            return false;
        }
        idle.sort_unstable_by_key(|&(idle, _)| idle);
        let mut has_forgotten = false;
        for (_, channel) in idle {
            if history.has_room(needed, RESERVE) {
                break;
            }
            if channel.evict() {
                self.registry.forget(&channel);
                has_forgotten = true;
            }
        }
        has_forgotten
    }

    /// Makes room when all logs together hold too much: who is furthest behind is cut first.
    ///
    /// Whoever listens on the channel that was published to `last` has had no time to read it, and
    /// comes last. More room is made than needed, so that looking through all channels is rare.
    fn relieve(&self, last: &Arc<Channel>, overrun: &mut Vec<Overrun>) {
        let channels = self.registry.all().into_iter();
        let mut channels: Vec<_> = channels
            .map(|channel| (Arc::ptr_eq(&channel, last), Reverse(channel.unread()), channel))
            .collect();
        channels.sort_unstable_by_key(|&(is_last, unread, _)| (is_last, unread));
        for (.., channel) in channels {
            if self.shared.unread.has_room(0, RESERVE) {
                return;
            }
            let cut = channel.cut_all_behind();
            if 0 < cut {
                self.note_overrun(&channel, cut, overrun);
            }
        }
    }

    fn note_overrun(&self, channel: &Arc<Channel>, listeners: usize, overrun: &mut Vec<Overrun>) {
        if channel.is_gone() {
            self.registry.forget(channel);
        }
        overrun.push(Overrun { token: channel.token().clone(), listeners });
    }
}

impl From<Full> for Refused {
    fn from(full: Full) -> Self {
        match full {
            Full::Channels => Self::Channels,
            Full::Shutdown => Self::Shutdown,
        }
    }
}

/// When room is made, one part in so many is kept free.
const RESERVE: usize = 8;
