use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use pin_project_lite::pin_project;
use sse_core::{Emit, EventBuffer};

/// A stream whose items are [`Emit`]ted, whatever they are. Every [`Stream`] of such items is one.
pub trait Feed {
    /// Hands the next item to `buffer`: whether there may be more, once that is known.
    ///
    /// An error of the stream is logged and is its end.
    fn poll_feed(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut EventBuffer,
    ) -> Poll<bool>;
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
    ) -> Poll<bool> {
        self.poll_next(cx).map(|item| match item.map(|item| item.emit(buffer)) {
            Some(Ok(())) => true,
            Some(Err(error)) => {
                tracing::warn!(%error, "a stream of events failed, and ends");
                false
            }
            None => false,
        })
    }
}
impl Feed for BoxFeed {
    fn poll_feed(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut EventBuffer,
    ) -> Poll<bool> {
        self.get_mut().as_mut().poll_feed(cx, buffer)
    }
}

impl Feed for LocalBoxFeed {
    fn poll_feed(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut EventBuffer,
    ) -> Poll<bool> {
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
    ) -> Poll<bool> {
        let this = self.project();
        match this.signal.poll(cx) {
            Poll::Ready(()) => Poll::Ready(false),
            Poll::Pending => this.feed.poll_feed(cx, buffer),
        }
    }
}
