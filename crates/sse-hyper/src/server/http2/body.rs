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

use super::{
    super::{
        connection::{BUFFER, MAX_WRITE},
        cut::is_overrun,
    },
    progress::Progress,
    unsent::{Data, Unsent},
};

type Item = Option<Result<Frame<Bytes>, Box<dyn Error + Send + Sync>>>;

/// The body of an answer, which is also looked at while hyper does not.
///
/// While the window of a stream is shut, hyper holds one frame of its body and polls it no more. But
/// only a poll tells that a listener was cut, and as long as nobody knows, its stream stays open and
/// holds what it holds.
///
/// An error is told once all that came before it has left: h2 throws away what it holds of a stream
/// that is reset.
pub(super) struct StreamBody<B>(Arc<Shared<B>>);

struct Shared<B> {
    looked_at: Mutex<LookedAt<B>>,
    unsent: Arc<Unsent>,
    progress: Arc<Progress>,
}

struct LookedAt<B> {
    body: Pin<Box<B>>,
    /// An answer of known length is not cut.
    can_be_cut: bool,
    stall_timeout: Option<Duration>,
    /// Whether hyper has something of the body that it cannot pass on.
    is_held: bool,
    /// What was found by looking, and was not asked for yet.
    ahead: VecDeque<Item>,
    ahead_bytes: usize,
    pause: Duration,
    next_look: Option<Instant>,
    /// How far the client had come while something was held, and when.
    last: Option<(u64, Instant)>,
    timer: LazyTimer,
}

impl<B> StreamBody<B>
where
    B: Body<Data = Bytes, Error = Box<dyn Error + Send + Sync>> + Send + 'static,
{
    pub(super) fn new(
        body: B,
        can_be_cut: bool,
        stall_timeout: Option<Duration>,
        progress: Arc<Progress>,
    ) -> Self {
        progress.handle_body();
        let looked_at = Mutex::new(LookedAt {
            body: Box::pin(body),
            can_be_cut,
            stall_timeout,
            is_held: false,
            ahead: VecDeque::new(),
            ahead_bytes: 0,
            pause: FIRST_PAUSE,
            next_look: None,
            last: None,
            timer: LazyTimer::default(),
        });
        Self(Arc::new(Shared { looked_at, unsent: Arc::default(), progress }))
    }

    pub(super) fn look(&self) -> Arc<dyn Look> {
        self.0.clone()
    }
}

/// A body that can be looked at.
pub(super) trait Look: Send + Sync {
    /// Ready once the stream is to be reset though hyper does not ask for more: its listener was cut,
    /// or its client takes nothing of it for too long.
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
        looked_at.poll_cut(&self.unsent, cx)
    }
}

impl<B> LookedAt<B>
where
    B: Body<Data = Bytes, Error = Box<dyn Error + Send + Sync>>,
{
    /// A look takes a frame out of a body that has one, which then waits here. So the looks become
    /// rare, but not so rare that a cut is found late.
    fn poll_cut(&mut self, unsent: &Unsent, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let now = now();
            let is_due = self.next_look.is_none_or(|it| it <= now) && self.can_look(unsent);
            if is_due && let Poll::Ready(item) = self.body.as_mut().poll_frame(cx) {
                if let Some(Err(error)) = &item
                    && is_overrun(&**error)
                {
                    tracing::debug!(%error, "a stream is reset: its window is shut");
                    return Poll::Ready(());
                }
                self.ahead_bytes += len(&item);
                self.ahead.push_back(item);
                self.next_look = Some(now + self.pause);
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            }
            let stalled = self.stalled_at(unsent, now);
            if stalled.is_some_and(|it| it <= now) {
                tracing::debug!("a stream is reset: the client takes nothing of it");
                return Poll::Ready(());
            }
            // A look that is due waits for the body to wake it.
            let next_look = self.next_look.filter(|it| now < *it && self.can_look(unsent));
            let until = [stalled, next_look].into_iter().flatten().min();
            ready!(self.timer.poll_until(until, cx));
        }
    }

    fn can_look(&self, unsent: &Unsent) -> bool {
        let is_over = matches!(self.ahead.back(), Some(None | Some(Err(_))));
        !is_over && self.has_room(unsent)
    }

    /// Whether there is room for what a look may find.
    fn has_room(&self, unsent: &Unsent) -> bool {
        unsent.bytes() + self.ahead_bytes + MAX_WRITE <= BUFFER
    }

    /// When the client has to have taken something. Where it may take its time, it may do so until
    /// there is no room to look any more.
    fn stalled_at(&mut self, unsent: &Unsent, now: Instant) -> Option<Instant> {
        let moves = unsent.moves();
        let since = match self.last {
            Some((seen, since)) if seen == moves => since,
            _ => now,
        };
        self.last = Some((moves, since));
        let is_full = !self.has_room(unsent);
        Some(since + self.stall_timeout.or_else(|| is_full.then_some(LONGEST_PAUSE))?)
    }

    fn set_held(&mut self, is_held: bool, progress: &Progress) {
        if is_held == self.is_held {
            return;
        }
        self.is_held = is_held;
        if is_held {
            return progress.handle_hold();
        }
        progress.handle_release();
        self.last = None;
        if self.ahead.is_empty() {
            (self.pause, self.next_look) = (FIRST_PAUSE, None);
        }
    }
}

fn len(item: &Item) -> usize {
    let data = item.as_ref().and_then(|it| it.as_ref().ok()?.data_ref());
    data.map_or(0, Bytes::len)
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
    type Data = Data;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Data>, Self::Error>>> {
        let Shared { unsent, progress, .. } = &*self.0;
        let mut looked_at = self.0.lock();
        let item = match looked_at.ahead.pop_front() {
            Some(item) => item,
            None => {
                looked_at.set_held(false, progress);
                ready!(looked_at.body.as_mut().poll_frame(cx))
            }
        };
        if let Some(Err(error)) = &item
            && !is_overrun(&**error)
            && unsent.poll_empty(cx).is_pending()
        {
            looked_at.ahead.push_front(item);
            looked_at.set_held(true, progress);
            return Poll::Pending;
        }
        looked_at.set_held(false, progress);
        let len = len(&item);
        if len > 0 {
            looked_at.ahead_bytes = looked_at.ahead_bytes.saturating_sub(len);
            looked_at.set_held(true, progress);
        }
        let hand_out = |frame: Frame<Bytes>| frame.map_data(|data| unsent.hand_out(data));
        Poll::Ready(item.map(|it| it.map(hand_out)))
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
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        future::{Future, poll_fn},
    };

    use bytes::Buf;
    use futures_util::stream::{self, StreamExt};
    use http_body_util::BodyExt;
    use sse_core::{Hub, HubConfig, StringFormat, Token};
    use sse_tokio::SseBody;
    use tokio::time::{Instant, sleep, timeout};

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    /// `body` and its first frame, and what completes once the stream is to be reset.
    async fn held<B>(
        body: B,
        timeout: Option<Duration>,
    ) -> (
        StreamBody<impl Body<Data = Bytes, Error = Box<dyn Error + Send + Sync>>>,
        Data,
        impl Future<Output = ()> + Unpin,
    )
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let body = body.map_err(Into::into);
        let mut body = StreamBody::new(body, true, timeout, Arc::default());
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        let look = body.look();
        (body, first, Box::pin(poll_fn(move |cx| look.poll_cut(cx))))
    }

    fn endless() -> impl Body<Data = Bytes, Error = Infallible> + Send + 'static {
        let frame = || Ok(Frame::data(Bytes::from_static(&[0; MAX_WRITE])));
        http_body_util::StreamBody::new(stream::repeat_with(frame))
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_is_reset_once_its_client_takes_not_even_a_byte_in_time() {
        let (_body, mut data, mut cut) = held(endless(), Some(TIMEOUT)).await;

        for _ in 0..100 {
            assert!(timeout(TIMEOUT - FIRST_PAUSE, &mut cut).await.is_err());
            data.advance(1);
        }
        let start = Instant::now();
        cut.await;

        assert!((TIMEOUT..=TIMEOUT * 2).contains(&start.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_buffer_is_held_for_a_client_that_may_take_its_time() {
        let (body, mut data, mut cut) = held(endless(), None).await;

        for _ in 0..100 {
            assert!(timeout(LONGEST_PAUSE - FIRST_PAUSE, &mut cut).await.is_err());
            data.advance(1);
        }
        let held = data.remaining() + body.0.lock().ahead.iter().map(len).sum::<usize>();
        timeout(LONGEST_PAUSE * 2, cut).await.unwrap();

        assert!(BUFFER - MAX_WRITE < held && held <= BUFFER, "{held}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_cut_is_found_soon_however_long_the_window_was_shut() {
        let hub = Hub::new(HubConfig::new(StringFormat).with_max_log_bytes(150));
        let token = Token::new("42").unwrap();
        let body = SseBody::new(hub.subscribe(&token, now()).unwrap());
        let (_body, _held, mut cut) = held(body, None).await;
        assert!(timeout(Duration::from_secs(3 * 60 * 60), &mut cut).await.is_err());

        for data in ["1", "2"] {
            hub.publish(&token, "ping", data.as_bytes(), now()).unwrap().wake();
        }

        timeout(LONGEST_PAUSE, cut).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_waits_until_all_before_it_has_left() {
        let frames = [Ok(Frame::data("12".into())), Err("lost")];
        let body = http_body_util::StreamBody::new(stream::iter(frames).chain(stream::pending()));
        let (mut body, mut data, mut cut) = held(body, None).await;

        assert!(timeout(TIMEOUT * 9, body.frame()).await.is_err());
        assert!(timeout(TIMEOUT * 9, &mut cut).await.is_err());
        let advance = async {
            sleep(TIMEOUT).await;
            data.advance(1);
            drop(data);
        };
        let (end, ()) = tokio::join!(body.frame(), advance);

        assert_eq!(end.unwrap().unwrap_err().to_string(), "lost");
    }
}
