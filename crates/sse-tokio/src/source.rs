use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use pin_project_lite::pin_project;
use sse_core::{channel::Output, hub::Subscriber, response::EventBuffer};

use crate::{Feed, FeedState};

/// What a [`SseBody`](crate::SseBody) writes: that of a [`Subscriber`], or of a stream, by way of [`FeedSource`].
pub trait Source {
    /// Whether what is ready a moment after a write waits for a turn of the event loop, so that what comes
    /// in between goes out in the same write.
    const IS_JOINED: bool = false;

    /// What the body is to do next. After [`Output::Wait`] the task of `cx` is woken for more, and it
    /// polls again at the time that was named.
    fn poll_output(self: Pin<&mut Self>, cx: &mut Context<'_>, now: Instant) -> Output;
}

impl Source for Subscriber {
    const IS_JOINED: bool = true;

    fn poll_output(self: Pin<&mut Self>, cx: &mut Context<'_>, now: Instant) -> Output {
        Self::poll_output(self.get_mut(), cx.waker(), now)
    }
}

pin_project! {
    /// A stream of events as the source of a body: what is ready is joined, silence is broken.
    pub struct FeedSource<F> {
        #[pin]
        feed: F,
        buffer: EventBuffer,
        ends_errors_cleanly: bool,
    }
}

impl<F: Feed> FeedSource<F> {
    pub(crate) fn new(feed: F, buffer: EventBuffer, ends_errors_cleanly: bool) -> Self {
        Self { feed, buffer, ends_errors_cleanly }
    }
}

impl<F: Feed> Source for FeedSource<F> {
    fn poll_output(self: Pin<&mut Self>, cx: &mut Context<'_>, now: Instant) -> Output {
        let mut this = self.project();
        let mut taken = 0;
        while this.buffer.has_room() {
            if taken == MAX_TAKEN {
                // Events that encode to nothing fill no buffer, and others want a turn.
                cx.waker().wake_by_ref();
                break;
            }
            match this.feed.as_mut().poll_feed(cx, this.buffer) {
                Poll::Ready(FeedState::Open) => taken += 1,
                Poll::Ready(FeedState::Failed) if !*this.ends_errors_cleanly => {
                    this.buffer.handle_failure();
                }
                Poll::Ready(FeedState::Ended | FeedState::Failed) => this.buffer.handle_end(),
                Poll::Pending => break,
            }
        }
        this.buffer.poll_output(now)
    }
}

impl<F> fmt::Debug for FeedSource<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedSource").field("buffer", &self.buffer).finish_non_exhaustive()
    }
}

/// More of the shortest events than fill a write.
const MAX_TAKEN: usize = 16 << 10;
