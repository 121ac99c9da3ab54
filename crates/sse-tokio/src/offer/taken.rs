use std::{any::Any, error::Error, fmt, pin::Pin, task::Poll};

use http::{HeaderValue, Response, StatusCode, header, response::Parts};
use http_body::Body;
use sse_core::hub::Subscriber;

use super::{Offer, Probed, probe};
use crate::{ResponseBody, SseBody};

/// Takes the subscriber out of a response that streams a channel, for a server that delivers to many listeners without
/// polling a body for each of them.
///
/// That is done only if the server would send nothing else by sending the body: if the head is that of an event
/// stream that nobody has encoded or framed, the body has not been polled, and no middleware has wrapped it or put
/// another in its place. A body is known by its type, a [`ResponseBody`] or an [`SseBody`], or it was made by
/// [`ResponseBody::convert`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// use http_body_util::BodyExt;
/// use sse_core::{Hub, HubConfig, StringFormat, Token, channel::Mode, response::event_stream};
/// # use sse_tokio::Channels;
/// use sse_tokio::take_subscriber;
///
/// let channels = Channels::new(Hub::new(HubConfig::new(StringFormat).with_mode(Mode::Shared)));
/// let news = Token::new("news")?;
///
/// let taken = take_subscriber(event_stream(channels.listen(&news)?)).unwrap();
/// assert_eq!(taken.subscriber.token(), &news);
/// assert_eq!(taken.parts.headers["content-type"], "text/event-stream");
///
/// let wrapped = event_stream(channels.listen(&news)?.map_frame(|frame| frame));
/// let mut response = take_subscriber(wrapped).unwrap_err();
/// let open = response.body_mut().frame().await.unwrap()?.into_data().unwrap();
/// assert!(open.starts_with(b"event: sse.open\n"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The response, to be sent as it is, if there is no such subscriber.
#[expect(clippy::result_large_err, reason = "it is no error, and as large as what came in")]
pub fn take_subscriber<B>(response: Response<B>) -> Result<Taken, Response<Probed<B>>>
where
    B: Body + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (mut parts, mut body) = response.into_parts();
    let offer = parts.extensions.remove::<Offer<B>>();
    let is_plain = is_plain_stream(&parts);
    if is_plain && let Some(subscriber) = known(&mut body) {
        return Ok(Taken { parts, subscriber, shell: Shell(None) });
    }
    let mut body = Box::pin(body);
    let mut first = None;
    if let Some(offer) = offer.filter(|_| is_plain) {
        match probe::take(offer.sample(), body.as_mut()) {
            Ok(subscriber) => return Ok(Taken { parts, subscriber, shell: Shell(Some(body)) }),
            Err(Poll::Ready(said)) => first = Some(said),
            Err(Poll::Pending) => {}
        }
    }
    Err(Response::from_parts(parts, Probed::new(body, first)))
}

/// What was taken out of a response.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a server needs all parts")]
pub struct Taken {
    /// The head of the response, to be sent.
    pub parts: Parts,
    /// Whose stream follows the head.
    pub subscriber: Subscriber,
    /// To be kept until the stream ends.
    pub shell: Shell,
}

/// What is left of a body whose subscriber was taken: to be kept until the stream ends, and dropped then.
///
/// A permit or a gauge of middleware that holds it for as long as the body lives may be in it. It is empty for a body that is known
/// by its type.
pub struct Shell(#[expect(dead_code, reason = "it is only kept")] Option<Pin<Box<dyn Send>>>);

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell").finish_non_exhaustive()
    }
}

/// The subscriber of a body that nobody can have wrapped, since it has the type of ours.
fn known(body: &mut dyn Any) -> Option<Subscriber> {
    match body.downcast_mut::<ResponseBody>() {
        Some(body) => body.take_subscriber(),
        None => body.downcast_mut::<SseBody>()?.take_subscriber(),
    }
}

/// Whether `parts` are the head of an event stream that is to be sent as it is, by whoever frames it.
fn is_plain_stream(parts: &Parts) -> bool {
    let content_type = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_stream = content_type.is_some_and(|value| {
        let kind = value.split(|byte| *byte == b';').next().unwrap_or_default();
        kind.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
    });
    let changed = [
        header::CONNECTION,
        header::CONTENT_ENCODING,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
    ];
    parts.status == StatusCode::OK
        && is_stream
        && !changed.iter().any(|name| parts.headers.contains_key(name))
}
