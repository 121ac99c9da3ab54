use std::{fmt, future::poll_fn, pin::Pin, time::Duration};

use bytes::Buf;
use http_body::{Body, Frame};
use tokio::time::timeout;

/// What remains of a request's body, to be read and thrown away beside the answer.
///
/// Without it a client that writes everything before it reads gets a reset instead of its answer.
///
/// ```
/// use sse_tokio::Answer;
/// # use sse_tokio::ResponseBody;
///
/// fn send<B>(answer: Answer<B>) -> http::Response<ResponseBody>
/// where
///     B: http_body::Body + Send + 'static,
///     B::Data: Send,
///     B::Error: Send,
/// {
///     if let Some(rest) = answer.rest {
///         tokio::spawn(rest.drain());
///     }
///     answer.response
/// }
/// ```
#[must_use = "it is read when it is drained"]
pub struct Rest<B>(Pin<Box<B>>);

impl<B: Body> Rest<B> {
    /// What remains of `body`, if there can be something.
    pub(super) fn of(body: B) -> Option<Self> {
        Self::of_pinned(Box::pin(body))
    }

    pub(super) fn of_pinned(body: Pin<Box<B>>) -> Option<Self> {
        (!body.is_end_stream()).then(|| Self(body))
    }

    /// Reads to the end, up to 16 MiB or 5 s.
    pub async fn drain(mut self) {
        let _late = timeout(MAX_TIME, async {
            let mut left = MAX_BYTES;
            while let Some(Ok(frame)) = next_frame(self.0.as_mut()).await {
                let read = frame.data_ref().map_or(0, Buf::remaining);
                let Some(rest) = left.checked_sub(read) else {
                    return;
                };
                left = rest;
            }
        })
        .await;
    }
}

impl<B> fmt::Debug for Rest<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").finish_non_exhaustive()
    }
}

async fn next_frame<B: Body>(mut body: Pin<&mut B>) -> Option<Result<Frame<B::Data>, B::Error>> {
    poll_fn(|cx| body.as_mut().poll_frame(cx)).await
}

const MAX_BYTES: usize = 16 << 20;
const MAX_TIME: Duration = Duration::from_secs(5);
