use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use pin_project_lite::pin_project;
use sse_core::response::{Emit, EventBuffer};

/// A stream whose items are [`Emit`]ted, whatever they are. Every [`Stream`] of such items is one.
pub trait Feed {
    /// Hands the next item to `buffer`, and says what may come behind it, once that is known.
    ///
    /// An error of the stream is logged here.
    fn poll_feed(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut EventBuffer,
    ) -> Poll<FeedState>;
}

/// What may come from a [`Feed`] behind the item that it has handed over.
///
/// ```
/// use std::{
///     task::{Context, Poll, Waker},
///     time::Instant,
/// };
///
/// use futures_util::stream;
/// use sse_core::{Event, response::EventBuffer};
/// # use sse_tokio::{Feed, FeedState};
///
/// let mut buffer = EventBuffer::new(None, Instant::now());
/// let mut feed = Box::pin(stream::iter([Ok(Event::data("1")), Err("lost")]));
/// let mut next = || feed.as_mut().poll_feed(&mut Context::from_waker(Waker::noop()), &mut buffer);
///
/// assert_eq!(next(), Poll::Ready(FeedState::Open));
/// assert_eq!(next(), Poll::Ready(FeedState::Failed));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must handle every state")]
pub enum FeedState {
    /// More, at some time.
    Open,
    /// Nothing: that was all.
    Ended,
    /// Nothing, though there should have been more.
    Failed,
}

/// Any [`Feed`] that may be sent to other threads, behind a pointer.
pub type BoxFeed = Pin<Box<dyn Feed + Send>>;

/// Any [`Feed`], behind a pointer.
pub type LocalBoxFeed = Pin<Box<dyn Feed>>;

impl<S> Feed for S
where
    S: Stream,
    S::Item: Emit,
{
    fn poll_feed(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut EventBuffer,
    ) -> Poll<FeedState> {
        self.poll_next(cx).map(|item| match item.map(|item| item.emit(buffer)) {
            Some(Ok(())) => FeedState::Open,
            Some(Err(error)) => {
                tracing::warn!(%error, "a stream of events failed");
                FeedState::Failed
            }
            None => FeedState::Ended,
        })
    }
}

impl Feed for BoxFeed {
    fn poll_feed(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut EventBuffer,
    ) -> Poll<FeedState> {
        self.get_mut().as_mut().poll_feed(cx, buffer)
    }
}

impl Feed for LocalBoxFeed {
    fn poll_feed(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut EventBuffer,
    ) -> Poll<FeedState> {
        self.get_mut().as_mut().poll_feed(cx, buffer)
    }
}

pin_project! {
    /// A [`Feed`] that ends when a future completes.
    pub struct Until<F, T> {
        #[pin]
        feed: F,
        #[pin]
        signal: T,
    }
}

impl<F, T> Until<F, T> {
    pub(crate) fn new(feed: F, signal: T) -> Self {
        Self { feed, signal }
    }
}

impl<F: Feed, T: Future<Output = ()>> Feed for Until<F, T> {
    fn poll_feed(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut EventBuffer,
    ) -> Poll<FeedState> {
        let this = self.project();
        match this.signal.poll(cx) {
            Poll::Ready(()) => Poll::Ready(FeedState::Ended),
            Poll::Pending => this.feed.poll_feed(cx, buffer),
        }
    }
}
