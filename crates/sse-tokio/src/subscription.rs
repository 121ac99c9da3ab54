use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use sse_core::{
    Token,
    channel::CloseReason,
    history::Resume,
    hub::{Delivered, EventReceiver},
};

use crate::timer::now;

/// A listener in this process: the events of a channel with their positions, as a stream; see
/// [`Channels::subscribe`](crate::Channels::subscribe).
///
/// It is a listener like any other. It counts, takes an exclusive channel, and may be refused and replaced.
/// While it is not polled it falls behind in the channel's log, and is cut once it is too far behind, as
/// [`close_reason`](Self::close_reason) then says. Dropping it frees its place.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use futures_util::StreamExt;
/// use sse_core::{
///     Event, Hub, HubConfig, StringFormat, Token, channel::CloseReason, history::Start,
/// };
/// # use sse_tokio::Channels;
///
/// let channels = Channels::new(Hub::new(HubConfig::new(StringFormat)));
/// let token = Token::new("42")?;
/// let mut readings = channels.subscribe(&token, &Start::default())?;
///
/// channels.send(&token, Event::data("21.5"))?;
/// channels.close(&token)?;
///
/// while let Some(delivered) = readings.next().await {
///     assert_eq!(delivered.event.data(), "21.5");
/// }
/// assert_eq!(readings.close_reason(), Some(CloseReason::Finished));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "streams do nothing unless they are polled"]
pub struct Subscription(pub(crate) EventReceiver);

impl Subscription {
    /// The channel that is listened on.
    pub fn token(&self) -> &Token {
        self.0.subscriber().token()
    }

    /// How the place to start from was taken, in a hub with history.
    pub fn resume(&self) -> Option<&Resume> {
        self.0.subscriber().resume()
    }

    /// Why there are no more events, once the stream has ended.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.0.close_reason()
    }
}

impl Stream for Subscription {
    type Item = Delivered;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Delivered>> {
        self.0.poll_next(cx.waker(), now())
    }
}
