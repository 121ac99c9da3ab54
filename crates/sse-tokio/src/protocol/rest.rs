use std::{fmt, future::poll_fn, pin::Pin};

use bytes::Buf;
use http_body::Body;

use crate::{Discard, now};

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
    pub(super) fn of(body: Pin<Box<B>>) -> Option<Self> {
        (!body.is_end_stream()).then(|| Self(body))
    }

    /// Reads to the end, or to a limit of [`Discard`].
    pub async fn drain(mut self) {
        let mut discard = Discard::new(now());
        poll_fn(|cx| {
            discard.poll_by(cx, |cx| {
                let frame = self.0.as_mut().poll_frame(cx);
                frame.map(|frame| Some(frame?.ok()?.data_ref().map_or(0, Buf::remaining)))
            })
        })
        .await;
    }
}

impl<B> fmt::Debug for Rest<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").finish_non_exhaustive()
    }
}
