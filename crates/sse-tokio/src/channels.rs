use std::{sync::Arc, time::Duration};

use sse_core::{
    Event, Hub, Token,
    channel::OnOverrun,
    history::Start,
    hub::{EventReceiver, Post, PublishError, Published, Submission, SubscribeError, Subscriber},
};
use tokio::time::{sleep, timeout_at};

use crate::{ChannelEvents, Observation, Receipt, SseBody, Subscription, timer::now};

/// The channels of a hub, for the process that serves them: publishes and wakes in one step, listens, and
/// ends every stream.
///
/// A clone is a handle to the same channels, and so is another one that is made for the same hub. It may be
/// used from any thread, in a runtime or not.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use sse_core::{Hub, HubConfig, StringFormat, Token};
/// # use sse_tokio::Channels;
///
/// let channels = Channels::new(Hub::new(HubConfig::new(StringFormat)));
/// let token = Token::new("42")?;
/// let _body = channels.listen(&token)?;
/// assert_eq!(channels.publish(&token, "ping", b"hi")?.listeners(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Channels {
    hub: Arc<Hub>,
}

impl Channels {
    /// A handle to the channels of `hub`.
    pub fn new(hub: Arc<Hub>) -> Self {
        Self { hub }
    }

    /// The hub.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// A body that streams the channel `token` from now on, for an answer of a route of your own.
    ///
    /// The answer is made by the adapter's `event_stream`, or by [`sse_core::response::event_stream`]:
    ///
    /// ```
    /// use http::{HeaderMap, Response, StatusCode};
    /// use sse_core::{
    ///     Hub, HubConfig, StringFormat, Token, channel::Mode, response::event_stream,
    /// };
    /// # use sse_tokio::{Channels, SseBody};
    ///
    /// fn news(channels: &Channels, headers: &HeaderMap) -> Result<Response<SseBody>, StatusCode> {
    ///     if headers.get("cookie").is_none_or(|cookie| cookie != "session=s3cret") {
    ///         return Err(StatusCode::UNAUTHORIZED);
    ///     }
    ///     let token = Token::new("news").expect("it is a token");
    ///     let body = channels.listen(&token).map_err(|_full| StatusCode::SERVICE_UNAVAILABLE)?;
    ///     Ok(event_stream(body))
    /// }
    ///
    /// let channels = Channels::new(Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared)));
    /// let mut headers = HeaderMap::new();
    /// assert_eq!(news(&channels, &headers).unwrap_err(), StatusCode::UNAUTHORIZED);
    ///
    /// headers.insert("cookie", "session=s3cret".parse()?);
    /// assert_eq!(news(&channels, &headers).unwrap().headers()["content-type"], "text/event-stream");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Hub::subscribe_from`].
    pub fn listen(&self, token: &Token) -> Result<SseBody, SubscribeError> {
        self.listen_from(token, &Start::default())
    }

    /// A body that streams the channel `token` from `start` on: what it remembers, then what comes.
    ///
    /// # Errors
    ///
    /// See [`Hub::subscribe_from`].
    pub fn listen_from(&self, token: &Token, start: &Start) -> Result<SseBody, SubscribeError> {
        Ok(SseBody::new(self.hub.subscribe_from(token, start, now())?))
    }

    /// Does what the POST action `action` with `body` asks for, and wakes who listens.
    ///
    /// # Errors
    ///
    /// See [`Hub::publish`].
    pub fn publish(
        &self,
        token: &Token,
        action: &str,
        body: &[u8],
    ) -> Result<Receipt, PublishError> {
        self.post(token, &Post::new(action, body))
    }

    /// Does what `post` asks for, and wakes who listens.
    ///
    /// # Errors
    ///
    /// See [`Hub::publish`].
    pub fn post(&self, token: &Token, post: &Post<'_>) -> Result<Receipt, PublishError> {
        Ok(self.deliver(token, self.hub.post(token, post, now())?))
    }

    /// Publishes `event` as it is, without an action and a format, and wakes who listens.
    ///
    /// ```
    /// use sse_core::{
    ///     Event, Hub, HubConfig, StringFormat, Token, event::EventName, hub::PublishError,
    /// };
    /// # use sse_tokio::Channels;
    ///
    /// let channels = Channels::new(Hub::new(HubConfig::new(StringFormat)));
    /// let token = Token::new("42")?;
    /// let reading = || Event::data("21.5").with_name(EventName::from_static("reading"));
    /// assert_eq!(channels.send(&token, reading()), Err(PublishError::NotConnected));
    ///
    /// let _body = channels.listen(&token)?;
    /// assert_eq!(channels.send(&token, reading())?.listeners(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Hub::send`].
    pub fn send(&self, token: &Token, event: Event) -> Result<Receipt, PublishError> {
        Ok(self.deliver(token, self.hub.send(token, event, now())?))
    }

    /// Publishes `events` as they are, all of them or none, and wakes who listens.
    ///
    /// # Errors
    ///
    /// See [`Hub::send_all`].
    pub fn send_all(
        &self,
        token: &Token,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<Receipt, PublishError> {
        Ok(self.deliver(token, self.hub.send_all(token, events, now())?))
    }

    /// Finishes the channel `token`: the streams of all who listen end after what was published before.
    ///
    /// # Errors
    ///
    /// See [`Hub::close`].
    pub fn close(&self, token: &Token) -> Result<Receipt, PublishError> {
        Ok(self.deliver(token, self.hub.close(token, now())?))
    }

    /// Tells all who listen on the channel `token`, and those to come, after how long to come back when
    /// their connection breaks.
    ///
    /// # Errors
    ///
    /// See [`Hub::set_retry`].
    pub fn set_retry(&self, token: &Token, retry: Duration) -> Result<Receipt, PublishError> {
        Ok(self.deliver(token, self.hub.set_retry(token, retry, now())?))
    }

    /// The events of the channel `token` from `start` on, for this process: what the channel remembers, then
    /// what comes.
    ///
    /// # Errors
    ///
    /// See [`Hub::subscribe_from`].
    pub fn subscribe(&self, token: &Token, start: &Start) -> Result<Subscription, SubscribeError> {
        let subscriber = self.hub.subscribe_from(token, start, now())?;
        Ok(Subscription(EventReceiver::from(subscriber)))
    }

    /// Does what `post` asks for and wakes who listens, once it is safe in the [store](sse_core::store) of the hub. In
    /// a hub without one that is at once.
    ///
    /// It begins with this call, and is carried through even if the future is dropped.
    ///
    /// # Errors
    ///
    /// The future's are those of [`Hub::submit`].
    pub fn submit(
        &self,
        token: &Token,
        post: &Post<'_>,
    ) -> impl Future<Output = Result<Receipt, PublishError>> + Send + use<> {
        self.when_safe(token, self.hub.submit(token, post, now()))
    }

    /// Publishes `events` as they are, all of them or none, and wakes who listens; see [`Self::submit`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use sse_core::{Event, Hub, HubConfig, StringFormat, Token, history::History};
    /// # use sse_tokio::Channels;
    ///
    /// let config = HubConfig::new(StringFormat).with_history(History::new(42));
    /// let channels = Channels::new(Hub::new(config));
    /// let receipt = channels.submit_all(&Token::new("42")?, [Event::data("21.5")]).await?;
    /// assert_eq!(receipt.position().unwrap().seq(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The future's are those of [`Hub::submit_all`].
    pub fn submit_all<I: IntoIterator<Item = Event>>(
        &self,
        token: &Token,
        events: I,
    ) -> impl Future<Output = Result<Receipt, PublishError>> + Send + use<I> {
        self.when_safe(token, self.hub.submit_all(token, events, now()))
    }

    /// Sets the reconnection time of the channel `token`, as [`Self::set_retry`] does; see [`Self::submit`].
    ///
    /// # Errors
    ///
    /// The future's are those of [`Hub::submit_retry`].
    pub fn submit_retry(
        &self,
        token: &Token,
        retry: Duration,
    ) -> impl Future<Output = Result<Receipt, PublishError>> + Send + use<> {
        self.when_safe(token, self.hub.submit_retry(token, retry, now()))
    }

    /// Finishes the channel `token`, as [`Self::close`] does; see [`Self::submit`].
    ///
    /// # Errors
    ///
    /// The future's are those of [`Hub::submit_close`].
    pub fn submit_close(
        &self,
        token: &Token,
    ) -> impl Future<Output = Result<Receipt, PublishError>> + Send + use<> {
        self.when_safe(token, self.hub.submit_close(token, now()))
    }

    /// A body that streams the channel `token` from `start` on, as by [`Self::listen_from`], once the
    /// [store](sse_core::store) of the hub has said what it has. In a hub without one that is at once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use sse_core::{Hub, HubConfig, StringFormat, Token, history::Start, response::event_stream};
    /// # use sse_tokio::Channels;
    ///
    /// let channels = Channels::new(Hub::new(HubConfig::new(StringFormat)));
    /// let body = channels.join(&Token::new("42")?, &Start::default()).await?;
    /// assert_eq!(event_stream(body).headers()["content-type"], "text/event-stream");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Hub::join`].
    pub async fn join(&self, token: &Token, start: &Start) -> Result<SseBody, SubscribeError> {
        Ok(SseBody::new(self.subscriber(token, start).await?))
    }

    /// The events of the channel `token` from `start` on, for this process, as by [`Self::subscribe`], once the
    /// [store](sse_core::store) of the hub has said what it has. In a hub without one that is at once.
    ///
    /// # Errors
    ///
    /// See [`Hub::join`].
    pub async fn receive(
        &self,
        token: &Token,
        start: &Start,
    ) -> Result<Subscription, SubscribeError> {
        let subscriber = self.subscriber(token, start).await?;
        Ok(Subscription(EventReceiver::from(subscriber)))
    }

    async fn subscriber(&self, token: &Token, start: &Start) -> Result<Subscriber, SubscribeError> {
        let joining = self.hub.join(token, start, None, now());
        let deadline = joining.deadline();
        timeout_at(deadline.into(), joining).await.unwrap_or(Err(SubscribeError::Unavailable))
    }

    fn when_safe(
        &self,
        token: &Token,
        mut submission: Submission,
    ) -> impl Future<Output = Result<Receipt, PublishError>> + Send + use<> {
        let (channels, token) = (self.clone(), token.clone());
        async move {
            let published = match submission.deadline() {
                None => submission.await,
                Some(deadline) => match timeout_at(deadline.into(), &mut submission).await {
                    Ok(published) => published,
                    Err(_elapsed) => submission.handle_timeout(),
                },
            };
            Ok(channels.deliver(&token, published?))
        }
    }

    /// What happens on the channels from now on, and which channels there are.
    pub fn events(&self) -> ChannelEvents {
        ChannelEvents(self.hub.watch())
    }

    /// The events of the channel `token`, for one who is no listener; see [`Hub::observe`].
    pub fn observe(&self, token: &Token) -> Observation {
        Observation(self.hub.observe(token))
    }

    /// Ends every stream cleanly and refuses new listeners from now on.
    pub fn shutdown(&self) {
        let counts = self.hub.counts();
        let (channels, listeners) = (counts.channels, counts.listeners);
        tracing::info!(channels, listeners, "ending all streams");
        self.hub.shutdown().wake();
    }

    /// Ends every stream cleanly at an instant of its own within `window`, and tells each client to come
    /// back when it is over, at a time of its own; see [`Hub::drain`]. New listeners are refused from now
    /// on. Completes once all streams were told to end.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # use std::time::Duration;
    /// # use sse_core::{Hub, HubConfig, StringFormat};
    /// # use sse_tokio::Channels;
    /// # let channels = Channels::new(Hub::new(HubConfig::new(StringFormat)));
    /// // After the signal to stop, and before the server is told to:
    /// channels.drain(Duration::from_secs(10)).await;
    /// # }
    /// ```
    pub async fn drain(&self, window: Duration) {
        if !window.is_zero() {
            let listeners = self.hub.counts().listeners;
            tracing::info!(listeners, ?window, "ending all streams, one after the other");
            self.hub.drain(window, now()).wake();
            let begun = now();
            while 0 < self.hub.counts().listeners
                && let Some(left) = window.checked_sub(now() - begun)
            {
                sleep(LOOK.min(left)).await;
            }
        }
        self.shutdown();
    }

    /// Wakes the listeners and says in the log who was cut.
    pub(crate) fn deliver(&self, token: &Token, published: Published) -> Receipt {
        for overrun in published.overrun() {
            let (token, listeners) = (overrun.token.shortened(), overrun.listeners);
            tracing::warn!(%token, listeners, "{}", self.overrun());
        }
        let receipt = Receipt::of(&published);
        let (listeners, is_duplicate) = (receipt.listeners(), receipt.is_duplicate());
        tracing::trace!(token = %token.shortened(), listeners, is_duplicate, "published");
        published.wake();
        receipt
    }

    fn overrun(&self) -> &'static str {
        match self.hub.config().on_overrun() {
            OnOverrun::Gap => "told of a gap, or cut in the middle of an event: too far behind",
            _ => "cut: too far behind",
        }
    }
}

/// How often a drain looks whether anyone is left.
const LOOK: Duration = Duration::from_millis(100);
