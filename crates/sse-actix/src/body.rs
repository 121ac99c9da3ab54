use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use http_body::Body;
use pin_project_lite::pin_project;
use sse_tokio::StreamCut;

use crate::{closing::Closing, rest::Rest, watch::Watch};

pin_project! {
    /// The body of an answer, beside which the rest of the request's body is read.
    ///
    /// actix-web closes the connection behind an answer that ends before the request does, and reads
    /// for a second at most. So over HTTP/1 the end waits for the rest, while the answer is long out.
    pub(crate) struct AnswerBody<B> {
        #[pin]
        body: B,
        size: BodySize,
        // Whether the client knows the end of the answer by its length.
        is_whole: bool,
        rest: Rest,
        watch: Option<Watch>,
        closing: Option<Closing>,
    }
}

impl<B: Body> AnswerBody<B> {
    /// A body of which actix-web is told `size`, that does not end before `rest` has.
    pub(crate) fn new(body: B, size: BodySize, rest: Rest) -> Self {
        let is_whole = body.size_hint().exact().is_some();
        Self { body, size, is_whole, rest, watch: None, closing: None }
    }

    /// Ends it as soon as `watch` sees that nobody reads it.
    pub(crate) fn with_watch(self, watch: Option<Watch>) -> Self {
        Self { watch, ..self }
    }

    /// Ends the connection with it by way of `closing`.
    pub(crate) fn with_closing(self, closing: Option<Closing>) -> Self {
        Self { closing, ..self }
    }
}

impl<B> MessageBody for AnswerBody<B>
where
    B: Body<Data = Bytes, Error = StreamCut>,
{
    type Error = AnswerError;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, AnswerError>>> {
        let mut this = self.project();
        if this.watch.as_mut().is_some_and(|watch| watch.poll_gone(cx).is_ready()) {
            return Poll::Ready(None);
        }
        let drained = this.rest.poll_drained(cx);
        while let Some(frame) = ready!(this.body.as_mut().poll_frame(cx)?) {
            if let Ok(data) = frame.into_data() {
                return Poll::Ready(Some(Ok(data)));
            }
        }
        ready!(drained);
        if let Some(closing) = this.closing {
            ready!(closing.poll_sent(cx));
            return Poll::Ready(Some(Err(AnswerError::Last)));
        }
        let is_kept_sending = *this.is_whole && !this.rest.has_ended();
        Poll::Ready(is_kept_sending.then_some(Err(AnswerError::Unread)))
    }
}

/// Why actix-web is to break a connection.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum AnswerError {
    /// The stream was cut.
    #[error(transparent)]
    Cut(#[from] StreamCut),
    /// A stream of HTTP/1.0 has ended, and the connection with it.
    #[error("a stream without a length has ended, and its connection with it")]
    Last,
    /// The client was answered, and went on sending.
    #[error("the rest of a request is too long or too late to be read")]
    Unread,
}
