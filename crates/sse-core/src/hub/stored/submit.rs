use std::{
    mem,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use super::Answer;
use crate::{
    Event, Token,
    channel::Publication,
    hub::{
        Hub, Post, PublishError, Published,
        command::Command,
        sync::{Arc, Weak},
    },
    store::{Append, Done, Outcome, Store, Told, Unavailable},
};

/// The way of a publication to a store and back.
impl Hub {
    /// Does what `post` asks for, on the channel `token`, and says so once that is safe. In a hub without a store
    /// that is at once, as by [`Self::post`].
    ///
    /// It begins with this call, and is carried through even if nobody waits for what becomes of it. With a store
    /// the listeners are woken before the answer comes.
    ///
    /// ```
    /// # use std::time::Instant;
    /// use sse_core::{
    ///     Hub, HubConfig, StringFormat, Token, history::History, hub::Post, hub::PublishError,
    /// };
    ///
    /// # async fn publish() -> Result<(), PublishError> {
    /// let hub = Hub::new(HubConfig::new(StringFormat).with_history(History::new(42)));
    /// let token = Token::new("42").expect("it is a token");
    /// let published = hub.submit(&token, &Post::new("ping", b"hi"), Instant::now()).await?;
    /// assert_eq!(published.position().map(|position| position.seq()), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The future's [`PublishError`] says what was refused, and nothing was published then; but of
    /// [`PublishError::Unknown`] nobody knows.
    pub fn submit(self: &Arc<Self>, token: &Token, post: &Post<'_>, now: Instant) -> Submission {
        let Some(store) = self.config().store() else {
            return Submission::ready(self.post(token, post, now));
        };
        let command = Command::from_post(post, self.config(), self.shared.bounds.batch());
        self.store(store, token, command, now)
    }

    /// Publishes `events` as they are on the channel `token`, all of them or none; see [`Self::submit`].
    ///
    /// # Errors
    ///
    /// Those of [`Self::send_all`] and [`Self::submit`].
    pub fn submit_all(
        self: &Arc<Self>,
        token: &Token,
        events: impl IntoIterator<Item = Event>,
        now: Instant,
    ) -> Submission {
        let Some(store) = self.config().store() else {
            return Submission::ready(self.send_all(token, events, now));
        };
        let command = Command::from_events(events, self.config(), self.shared.bounds.batch());
        self.store(store, token, command, now)
    }

    /// Sets the reconnection time of the channel `token`, as [`Self::set_retry`] does; see [`Self::submit`].
    ///
    /// # Errors
    ///
    /// Those of [`Self::submit`].
    pub fn submit_retry(
        self: &Arc<Self>,
        token: &Token,
        retry: Duration,
        now: Instant,
    ) -> Submission {
        let Some(store) = self.config().store() else {
            return Submission::ready(self.set_retry(token, retry, now));
        };
        self.store(store, token, Ok(Command::from_retry(retry)), now)
    }

    /// Finishes the channel `token`, as [`Self::close`] does; see [`Self::submit`].
    ///
    /// # Errors
    ///
    /// Those of [`Self::submit`].
    pub fn submit_close(self: &Arc<Self>, token: &Token, now: Instant) -> Submission {
        let Some(store) = self.config().store() else {
            return Submission::ready(self.close(token, now));
        };
        self.store(store, token, Ok(Command::Finish), now)
    }

    fn store(
        self: &Arc<Self>,
        store: &Arc<dyn Store>,
        token: &Token,
        command: Result<Command, PublishError>,
        now: Instant,
    ) -> Submission {
        self.forget_old(now);
        if !self.is_reachable(token, now) {
            return Submission::ready(Err(PublishError::NotConnected));
        }
        if !self.table.is_open(token) {
            return Submission::ready(Err(PublishError::Shutdown));
        }
        let answer = Answer::new();
        match command {
            Err(refused) => return Submission::ready(Err(refused)),
            Ok(Command::Publish(publication)) => {
                let done = self.when_stored(token, &publication, &answer);
                store.append(Append::new(token.clone(), publication), done);
            }
            Ok(Command::Finish) => {
                let done = self.when_finished(token, &answer);
                store.finish(token, self.config().channel.closed_ttl, done);
            }
        }
        Submission { state: State::Stored { answer, until: now + PATIENCE } }
    }

    fn when_stored(
        self: &Arc<Self>,
        token: &Token,
        publication: &Publication,
        answer: &Answer<Result<Published, PublishError>>,
    ) -> Done<Outcome> {
        let (hub, token, answer) = (Arc::downgrade(self), token.clone(), answer.handle());
        let retry = publication.retry();
        Done::waking(move |outcome, now| {
            let known = with(&hub, |hub| match outcome {
                Outcome::Stored(stored) => Ok(hub.accept(&token, stored, retry, now)),
                outcome => Err(hub.not_stored(&token, outcome, now)),
            });
            tell(&answer, known)
        })
    }

    fn when_finished(
        self: &Arc<Self>,
        token: &Token,
        answer: &Answer<Result<Published, PublishError>>,
    ) -> Done<Outcome> {
        let (hub, token, answer) = (Arc::downgrade(self), token.clone(), answer.handle());
        Done::waking(move |outcome, now| {
            let known = with(&hub, |hub| match outcome {
                Outcome::Stored(_) => Ok(hub.accept_end(&token, now)),
                outcome => Err(hub.not_stored(&token, outcome, now)),
            });
            tell(&answer, known)
        })
    }
}

/// Does `act` with the hub, unless it is gone.
fn with(
    hub: &Weak<Hub>,
    act: impl FnOnce(&Arc<Hub>) -> Result<Published, PublishError>,
) -> Result<Published, PublishError> {
    match hub.upgrade() {
        Some(hub) => act(&hub),
        None => Err(PublishError::Unknown(Unavailable::new("the hub is gone"))),
    }
}

/// Says what became of a publication; returns who is to be woken.
fn tell(
    answer: &Answer<Result<Published, PublishError>>,
    mut known: Result<Published, PublishError>,
) -> Told {
    let wakers = known.as_mut().map(|published| mem::take(&mut published.wakers));
    Told { listeners: wakers.unwrap_or_default(), waiting: answer.put(known) }
}

/// A publication whose end is waited for: see [`Hub::submit`].
#[derive(Debug)]
#[must_use = "what became of a publication is to be looked at"]
pub struct Submission {
    state: State,
}

#[derive(Debug)]
enum State {
    Ready(Option<Box<Result<Published, PublishError>>>),
    Stored { answer: Answer<Result<Published, PublishError>>, until: Instant },
}

impl Submission {
    fn ready(published: Result<Published, PublishError>) -> Self {
        Self { state: State::Ready(Some(Box::new(published))) }
    }

    /// When it is no longer waited for, see [`Self::handle_timeout`]; `None` if it is known already. 5 s after it
    /// began.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Ready(_) => None,
            State::Stored { until, .. } => Some(*until),
        }
    }

    /// What is said at the deadline: [`PublishError::Unknown`], unless it is known by now. It is carried through all
    /// the same.
    ///
    /// # Errors
    ///
    /// See [`Hub::submit`].
    pub fn handle_timeout(&mut self) -> Result<Published, PublishError> {
        let known = match &mut self.state {
            State::Ready(published) => published.take().map(|published| *published),
            State::Stored { answer, .. } => answer.take(),
        };
        known.unwrap_or_else(|| {
            Err(PublishError::Unknown(Unavailable::new("the history does not answer")))
        })
    }
}

impl Future for Submission {
    type Output = Result<Published, PublishError>;

    /// # Panics
    ///
    /// If it was ready before.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.state {
            State::Ready(published) => {
                Poll::Ready(*published.take().expect("it is not polled again once it is ready"))
            }
            State::Stored { answer, .. } => answer.poll(cx),
        }
    }
}

/// How long a store may take.
const PATIENCE: Duration = Duration::from_secs(5);
