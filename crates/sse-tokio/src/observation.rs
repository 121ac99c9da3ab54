use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use sse_core::hub::{Observed, Observer};

/// What is published on a channel, for one who is no listener, as a stream that ends with the hub; see
/// [`Channels::observe`](crate::Channels::observe).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use futures_util::StreamExt;
/// use sse_core::{Hub, HubConfig, StringFormat, Token, hub::Observed};
/// # use sse_tokio::Channels;
///
/// let channels = Channels::new(Hub::new(HubConfig::new(StringFormat)));
/// let token = Token::new("42")?;
/// let mut observed = channels.observe(&token);
/// let _body = channels.listen(&token)?;
/// channels.publish(&token, "ping", b"hi")?;
/// let Some(Observed::Event { number: 1, frame, .. }) = observed.next().await else { panic!() };
/// assert_eq!(frame.as_bytes(), "event: ping\ndata: hi\n\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "streams do nothing unless they are polled"]
pub struct Observation(pub(crate) Observer);

impl Stream for Observation {
    type Item = Observed;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Observed>> {
        self.0.poll_next(cx.waker())
    }
}
