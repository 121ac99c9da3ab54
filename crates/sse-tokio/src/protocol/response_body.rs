use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::{SseBody, StreamCut};

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
    pub(super) fn unseen() -> Self {
        Self(Content::Unseen)
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
            Content::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Content::Stream(stream) => Pin::new(stream).poll_frame(cx),
            Content::Unseen => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.0, Content::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Stream(_) | Content::Unseen => SizeHint::default(),
        }
    }
}
