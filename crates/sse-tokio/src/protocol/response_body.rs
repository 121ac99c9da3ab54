use std::{
    any::Any,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use sse_core::hub::Subscriber;

use crate::{
    Source, SseBody, StreamCut,
    offer::{self, Offer},
};

/// The body of an answer of the [`Protocol`](crate::Protocol).
///
/// ```
/// # use sse_tokio::ResponseBody;
/// fn assert_body<B: http_body::Body<Data = bytes::Bytes>>() {}
/// assert_body::<ResponseBody>();
/// ```
#[derive(Debug)]
pub struct ResponseBody(Content);

#[derive(Debug)]
enum Content {
    Whole(Bytes),
    Stream(SseBody),
    /// The body that a HEAD does not see, of a length that nobody knows.
    Unseen,
}

impl ResponseBody {
    /// Makes the body of `response` one of the type `B`, as a service needs whose answers have bodies of several
    /// types.
    ///
    /// It is what `response.map(convert)` does, and moreover [`take_subscriber`](crate::take_subscriber) still finds
    /// the subscriber of a channel in it. So `convert` may change the type, and nothing else: its code sees
    /// no frame of a stream whose subscriber was taken.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use http::Request;
    /// use http_body_util::{BodyExt, Empty};
    /// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
    /// # use sse_tokio::ResponseBody;
    /// use sse_tokio::{Protocol, take_subscriber};
    ///
    /// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
    /// let listen = Request::get("/poll/42").header("host", "localhost");
    /// let listen = listen.body(Empty::<bytes::Bytes>::new())?;
    /// let answer = Protocol::new(gateway).exchange(listen).await;
    ///
    /// let boxed = ResponseBody::convert(answer.response, BodyExt::boxed_unsync);
    /// assert!(take_subscriber(boxed).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn convert<B: 'static>(response: Response<Self>, convert: fn(Self) -> B) -> Response<B> {
        Offer::make(response, convert)
    }

    /// The same stream as a body of this type, for [`convert`](Self::convert).
    ///
    /// # Errors
    ///
    /// The body, unless it streams a channel and was not polled yet.
    pub fn of<S: Source + 'static>(mut stream: SseBody<S>) -> Result<Self, SseBody<S>> {
        let any: &mut dyn Any = &mut stream;
        match any.downcast_mut::<SseBody>() {
            Some(own) if own.has_subscriber() => {
                Ok(Self::from(mem::replace(own, SseBody::empty())))
            }
            _ => Err(stream),
        }
    }

    pub(super) fn unseen() -> Self {
        Self(Content::Unseen)
    }

    /// The body of a stream that is nobody's.
    pub(crate) fn sample() -> Self {
        Self(Content::Stream(SseBody::empty()))
    }

    pub(crate) fn has_subscriber(&self) -> bool {
        matches!(&self.0, Content::Stream(stream) if stream.has_subscriber())
    }

    /// The subscriber of a body that was not polled yet. The body is empty then.
    pub(crate) fn take_subscriber(&mut self) -> Option<Subscriber> {
        match &mut self.0 {
            Content::Stream(stream) => stream.take_subscriber(),
            _ => None,
        }
    }
}

/// The body that is empty, with which middleware answers in place of a service.
impl Default for ResponseBody {
    fn default() -> Self {
        Self::from(Bytes::new())
    }
}

impl From<Bytes> for ResponseBody {
    fn from(whole: Bytes) -> Self {
        Self(Content::Whole(whole))
    }
}

impl From<SseBody> for ResponseBody {
    fn from(stream: SseBody) -> Self {
        Self(Content::Stream(stream))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = StreamCut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamCut>>> {
        match &mut self.0 {
            Content::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Content::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(mem::take(bytes))))),
            Content::Stream(stream) => {
                if stream.is_fresh() && offer::answer(stream) {
                    return Poll::Pending;
                }
                Pin::new(stream).poll_frame(cx)
            }
            Content::Unseen => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.0, Content::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Stream(stream) if stream.is_fresh() => offer::size(),
            Content::Stream(_) | Content::Unseen => SizeHint::default(),
        }
    }
}
