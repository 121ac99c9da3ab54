use std::{
    error::Error,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};

/// A body whose subscriber was not taken, and which is sent as it is.
///
/// If it had something to say when it was asked, then that comes first.
pub struct Probed<B: Body> {
    first: Option<First<B>>,
    body: Pin<Box<B>>,
}

/// A frame, an error or the end.
type First<B> = Option<Result<Frame<<B as Body>::Data>, BoxError>>;

/// What a body says when it is polled.
type Said<B> = Option<Result<Frame<<B as Body>::Data>, <B as Body>::Error>>;
type BoxError = Box<dyn Error + Send + Sync>;

impl<B> Probed<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    pub(super) fn new(body: Pin<Box<B>>, first: Option<Said<B>>) -> Self {
        let first = first.map(|said| said.map(|frame| frame.map_err(Into::into)));
        Self { first, body }
    }
}

impl<B> Body for Probed<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(first),
            None => {
                let polled = self.body.as_mut().poll_frame(cx);
                polled.map(|said| said.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.first {
            Some(first) => first.is_none(),
            None => self.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.first {
            Some(_) => SizeHint::default(),
            None => self.body.size_hint(),
        }
    }
}

// What is kept of the body is never pinned.
impl<B: Body> Unpin for Probed<B> {}

impl<B: Body> fmt::Debug for Probed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probed").finish_non_exhaustive()
    }
}
