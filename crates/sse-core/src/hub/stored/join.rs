use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use super::Answer;
use crate::{
    Token,
    access::Grant,
    channel::Mode,
    history::Start,
    hub::{Hub, SubscribeError, Subscriber, Wakers, cell::Cell, effects::Effects, sync::Arc},
    store::{Done, Facts, Told},
};

/// The way of a listener that begins where only the store knows.
impl Hub {
    /// A listener on the channel `token` from `start` on, as by [`Self::subscribe_granted`], once the store has said
    /// what it has, where that is needed. In a hub without a store that is at once.
    ///
    /// ```
    /// # use std::time::Instant;
    /// use sse_core::{Hub, HubConfig, StringFormat, Token, history::Start, hub::SubscribeError};
    ///
    /// # async fn listen() -> Result<(), SubscribeError> {
    /// let hub = Hub::new(HubConfig::new(StringFormat));
    /// let token = Token::new("42").expect("it is a token");
    /// let listener = hub.join(&token, &Start::default(), None, Instant::now()).await?;
    /// assert_eq!(listener.token(), &token);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The future's are those of [`Self::subscribe_granted`], and [`SubscribeError::Unavailable`].
    pub fn join(
        self: &Arc<Self>,
        token: &Token,
        start: &Start,
        grant: Option<&Grant>,
        now: Instant,
    ) -> Joining {
        let (hub, token, start) = (self.clone(), token.clone(), start.clone());
        Joining { hub, token, start, grant: grant.cloned(), asking: Asking::new(true, now) }
    }

    /// Asks the store whether it has more of the channel `token` than was told, if somebody listens there: what others
    /// have published, or what got lost on the way. Then the listeners read it.
    pub fn refresh(&self, token: &Token) {
        let (Some(store), Some(cell)) = (self.config().store(), self.table.find(token)) else {
            return;
        };
        let (hub, cell) = (self.me.clone(), Arc::downgrade(&cell));
        let done = Done::new(move |facts: Result<Facts, _>, now| {
            let (Some(hub), Some(cell)) = (hub.upgrade(), cell.upgrade()) else {
                return;
            };
            match facts {
                Ok(facts) => hub.load(&cell, &facts, now),
                Err(_) => hub.follow_and_wake(&cell, cell.handle_silence()),
            }
        });
        store.open(token, done);
    }

    /// Takes note of what the store says of a channel.
    fn load(&self, cell: &Arc<Cell>, facts: &Facts, now: Instant) {
        self.follow_and_wake(cell, cell.load(facts, now));
    }

    /// Those who have read all may have to read more.
    fn follow_and_wake(&self, cell: &Arc<Cell>, effects: Effects) {
        self.follow(cell, effects);
        Wakers::one(cell.clone(), effects.tickets).wake();
    }
}

/// A listener that waits for the store: see [`Hub::join`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled"]
pub struct Joining {
    hub: Arc<Hub>,
    token: Token,
    start: Start,
    grant: Option<Grant>,
    asking: Asking,
}

impl Joining {
    /// When it is no longer waited for: it is [`SubscribeError::Unavailable`] then. 5 s after it began.
    pub fn deadline(&self) -> Instant {
        self.asking.deadline()
    }
}

impl Future for Joining {
    type Output = Result<Subscriber, SubscribeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { hub, token, start, grant, asking } = &mut *self;
        loop {
            let (start, now) = ((&*start, asking.facts()), asking.now);
            match hub.subscribe_with(token, start, grant.as_ref(), now) {
                Err(SubscribeError::Unloaded) => ready!(asking.poll(hub, token, cx))?,
                joined => return Poll::Ready(joined),
            }
        }
    }
}

/// What a store says of a channel, once it was asked.
///
/// The channel is there before the store is asked: what is published meanwhile comes into its log.
#[derive(Debug)]
pub(crate) struct Asking {
    /// Whether the caller is going to listen, and does not only ask.
    is_to_listen: bool,
    /// When the last thing was known.
    now: Instant,
    until: Instant,
    asked: Option<Asked>,
    facts: Option<Facts>,
}

/// A channel that stays there while the store is asked for it.
#[derive(Debug)]
struct Asked {
    hub: Arc<Hub>,
    cell: Arc<Cell>,
    answer: Answer<(Option<Facts>, Instant)>,
}

impl Asking {
    pub(crate) fn new(is_to_listen: bool, now: Instant) -> Self {
        Self { is_to_listen, now, until: now + PATIENCE, asked: None, facts: None }
    }

    /// When it is no longer waited for.
    pub(crate) fn deadline(&self) -> Instant {
        self.until
    }

    /// What is known.
    pub(crate) fn facts(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }

    /// Whoever asks next asks the store anew.
    pub(crate) fn forget(&mut self) {
        (self.asked, self.facts) = (None, None);
    }

    /// Asks the store of `hub` what it has of the channel `token`. The channel stays there until this is dropped.
    pub(crate) fn poll(
        &mut self,
        hub: &Arc<Hub>,
        token: &Token,
        cx: &Context<'_>,
    ) -> Poll<Result<(), SubscribeError>> {
        let Some(store) = hub.config().store() else {
            return Poll::Ready(Err(SubscribeError::Unloaded));
        };
        if self.facts.take().is_some() {
            // The channel that it was for is over.
            self.asked = None;
        }
        let asked = match &mut self.asked {
            Some(asked) => asked,
            None => {
                let asked = self.asked.insert(Asked::new(hub, token, self.now)?);
                let arrived = asked.answer.handle();
                let done = Done::waking(move |facts: Result<Facts, _>, now| Told {
                    listeners: Wakers::none(),
                    waiting: arrived.put((facts.ok(), now)),
                });
                match asked.cell.mode() {
                    mode if self.is_to_listen && mode != Mode::Shared => {
                        store.claim(token, mode, done);
                    }
                    _ => store.open(token, done),
                }
                asked
            }
        };
        let (facts, now) = ready!(asked.answer.poll(cx));
        self.now = self.now.max(now);
        let Some(facts) = facts else {
            self.asked = None;
            return Poll::Ready(Err(SubscribeError::Unavailable));
        };
        hub.load(&asked.cell, &facts, now);
        self.facts = Some(facts);
        Poll::Ready(Ok(()))
    }
}

impl Asked {
    fn new(hub: &Arc<Hub>, token: &Token, now: Instant) -> Result<Self, SubscribeError> {
        loop {
            let cell = hub.open(token, now).map_err(|refused| hub.not_listening(refused))?;
            if cell.begin_joining() {
                return Ok(Self { hub: hub.clone(), cell, answer: Answer::new() });
            }
            hub.take_out(&cell);
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let effects = self.cell.end_joining();
        self.hub.follow(&self.cell, effects);
    }
}

/// How long a store may take.
const PATIENCE: Duration = Duration::from_secs(5);
