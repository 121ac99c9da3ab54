use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use sse_core::hub::{ChannelInfo, HubEvent, Watcher};

/// What happens in a hub from now on, as a stream that ends with the hub; see [`Channels::events`](crate::Channels::events).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use futures_util::StreamExt;
/// use sse_core::{Hub, HubConfig, StringFormat, Token, hub::HubEvent};
/// # use sse_tokio::Channels;
///
/// let channels = Channels::new(Hub::new(HubConfig::new(StringFormat)));
/// let mut events = channels.events();
/// let token = Token::new("42")?;
/// let _body = channels.listen(&token)?;
/// assert_eq!(events.next().await, Some(HubEvent::Opened { token }));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "streams do nothing unless they are polled"]
pub struct ChannelEvents(pub(crate) Watcher);

impl ChannelEvents {
    /// The channels that there were when the watch began, see [`Watcher::channels`].
    pub fn channels(&self) -> &[ChannelInfo] {
        self.0.channels()
    }
}

impl Stream for ChannelEvents {
    type Item = HubEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<HubEvent>> {
        self.0.poll_next(cx.waker())
    }
}
