use std::{
    collections::VecDeque,
    error::Error,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use sse_tokio::{LazyTimer, now};

use super::progress::Progress;

type Item = Option<Result<Frame<Bytes>, Box<dyn Error + Send + Sync>>>;

/// The body of an answer, which is also looked at while hyper does not.
///
/// While the window of a stream is shut, hyper holds one frame of its body and polls it no more. But
/// only a poll tells that a listener was cut, and as long as nobody knows, its stream stays open and
/// holds what it holds.
pub(super) struct StreamBody<B>(Arc<Shared<B>>);

struct Shared<B> {
    looked_at: Mutex<LookedAt<B>>,
    progress: Arc<Progress>,
}

struct LookedAt<B> {
    body: Pin<Box<B>>,
    /// An answer of known length is not cut.
    can_be_cut: bool,
    is_held: bool,
    /// What was found by looking, and was not asked for yet.
    ahead: VecDeque<Item>,
    pause: Duration,
    next: Option<Instant>,
    timer: LazyTimer,
}

impl<B> StreamBody<B>
where
    B: Body<Data = Bytes, Error = Box<dyn Error + Send + Sync>> + Send + 'static,
{
    pub(super) fn new(body: B, can_be_cut: bool, progress: Arc<Progress>) -> Self {
        progress.handle_body();
        let looked_at = LookedAt {
            body: Box::pin(body),
            can_be_cut,
            is_held: false,
            ahead: VecDeque::new(),
            pause: FIRST_PAUSE,
            next: None,
            timer: LazyTimer::default(),
        };
        Self(Arc::new(Shared { looked_at: Mutex::new(looked_at), progress }))
    }

    pub(super) fn look(&self) -> Arc<dyn Look> {
        self.0.clone()
    }
}

/// A body that can be looked at.
pub(super) trait Look: Send + Sync {
    /// Ready once the body is found to end with an error that hyper does not ask for.
    fn poll_cut(&self, cx: &mut Context<'_>) -> Poll<()>;
}

impl<B> Look for Shared<B>
where
    B: Body<Data = Bytes, Error = Box<dyn Error + Send + Sync>> + Send,
{
    fn poll_cut(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut looked_at = self.lock();
        if !looked_at.is_held || !looked_at.can_be_cut {
            return Poll::Pending;
        }
        looked_at.poll_cut(cx)
    }
}

impl<B> LookedAt<B>
where
    B: Body<Data = Bytes, Error = Box<dyn Error + Send + Sync>>,
{
    /// A look takes a frame out of a body that has one, which then waits here. So the looks become
    /// rare: in a day of 16 KiB each, they find a quarter of a megabyte.
    fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.ahead.back() {
                Some(None) => return Poll::Pending,
                Some(Some(Err(error))) => {
                    tracing::debug!(%error, "a stream is reset: its window is shut");
                    return Poll::Ready(());
                }
                Some(Some(Ok(_))) => ready!(self.timer.poll_until(self.next, cx)),
                None => (),
            }
            self.next = Some(now() + self.pause);
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            match self.body.as_mut().poll_frame(cx) {
                Poll::Ready(item) => self.ahead.push_back(item),
                Poll::Pending if self.ahead.is_empty() => return Poll::Pending,
                Poll::Pending => (),
            }
        }
    }
}

impl<B> Shared<B> {
    fn lock(&self) -> MutexGuard<'_, LookedAt<B>> {
        self.looked_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> Body for StreamBody<B>
where
    B: Body<Data = Bytes, Error = Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let (mut looked_at, progress) = (self.0.lock(), &self.0.progress);
        if std::mem::take(&mut looked_at.is_held) {
            looked_at.pause = FIRST_PAUSE;
            progress.handle_release();
        }
        let item = match looked_at.ahead.pop_front() {
            Some(item) => item,
            None => ready!(looked_at.body.as_mut().poll_frame(cx)),
        };
        let data = item.as_ref().and_then(|it| it.as_ref().ok()?.data_ref());
        if data.is_some_and(|data| !data.is_empty()) {
            looked_at.is_held = true;
            progress.handle_hold();
        }
        Poll::Ready(item)
    }

    fn is_end_stream(&self) -> bool {
        let looked_at = self.0.lock();
        match looked_at.ahead.front() {
            Some(item) => item.is_none(),
            None => looked_at.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().body.size_hint()
    }
}

impl<B> Drop for StreamBody<B> {
    fn drop(&mut self) {
        let is_held = std::mem::take(&mut self.0.lock().is_held);
        self.0.progress.handle_body_end(is_held);
    }
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);
