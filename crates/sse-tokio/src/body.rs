use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use sse_core::{
    channel::{CloseReason, Output},
    hub::Subscriber,
};

use crate::{
    Source,
    timer::{LazyTimer, now},
    turn::Turn,
};

pin_project! {
    /// A response body that writes what a [`Source`] says: one [`Subscriber`], or a stream of events.
    ///
    /// All that is ready goes out as one frame of up to 16 KiB, and a longer event in several. Servers
    /// poll the body only while their own write buffer has room, so a slow client holds no queue here: a
    /// subscriber falls behind in the channel's log and is cut once overrun, a stream is left waiting.
    ///
    /// ```
    /// # use std::{sync::Arc, time::Instant};
    /// use http_body_util::BodyExt;
    /// use sse_core::{Hub, HubConfig, StringFormat, Token};
    /// # use sse_tokio::SseBody;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hub = Hub::new(HubConfig::new(StringFormat));
    /// let token = Token::new("42")?;
    /// let mut body = SseBody::new(hub.subscribe(&token, Instant::now())?);
    /// let first = body.frame().await.expect("the channel is open")?;
    /// assert_eq!(first.into_data().unwrap(), "event: sse.open\nretry: 3000\ndata: {}\n\n");
    ///
    /// hub.publish(&token, "ping", b"hi", Instant::now())?.wake();
    /// let frame = body.frame().await.expect("the channel is open")?;
    /// assert_eq!(frame.into_data().unwrap(), "event: ping\ndata: hi\n\n");
    /// # Ok(())
    /// # }
    /// ```
    pub struct SseBody<S = Subscriber> {
        #[pin]
        source: Option<S>,
        timer: LazyTimer,
        turn: Turn,
        is_fresh: bool,
    }
}

impl<S: Source> SseBody<S> {
    /// The body that writes what `source` says.
    pub fn new(source: S) -> Self {
        Self::of(Some(source))
    }

    /// The body that is empty, of an answer that has none.
    pub fn empty() -> Self {
        Self::of(None)
    }

    fn of(source: Option<S>) -> Self {
        Self { source, timer: LazyTimer::default(), turn: Turn::default(), is_fresh: true }
    }

    /// Whether nothing has been asked of it.
    pub(crate) fn is_fresh(&self) -> bool {
        self.is_fresh
    }
}

impl SseBody {
    pub(crate) fn has_subscriber(&self) -> bool {
        self.is_fresh && self.source.is_some()
    }

    /// The subscriber of a body that is fresh, and empty from then on.
    pub(crate) fn take_subscriber(&mut self) -> Option<Subscriber> {
        self.source.take_if(|_| self.is_fresh)
    }
}

impl<S: Source> Body for SseBody<S> {
    type Data = Bytes;
    type Error = StreamCut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamCut>>> {
        let mut this = self.project();
        *this.is_fresh = false;
        let Some(mut source) = this.source.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let mut at = now();
        if S::IS_JOINED {
            ready!(this.turn.poll(at, cx));
        }
        loop {
            match source.as_mut().poll_output(cx, at) {
                Output::Write(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Output::Close(reason) => {
                    tracing::debug!(?reason, "a stream ends");
                    return Poll::Ready(match reason {
                        CloseReason::Overrun { .. } | CloseReason::Failed => {
                            Some(Err(StreamCut { reason }))
                        }
                        _ => None,
                    });
                }
                Output::Wait { until } => {
                    this.turn.handle_wait(at);
                    ready!(this.timer.poll_until(until, cx));
                    at = now();
                }
                // What this driver does not know it cannot do, and a clean end would say that all was.
                _ => return Poll::Ready(Some(Err(StreamCut { reason: CloseReason::Failed }))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.source.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if self.source.is_none() { SizeHint::with_exact(0) } else { SizeHint::default() }
    }
}

impl<S: fmt::Debug> fmt::Debug for SseBody<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseBody").field("source", &self.source).finish_non_exhaustive()
    }
}

/// The end of a stream that did not say everything.
///
/// As the error of a body it makes the server break the connection, so that the client sees that
/// something is missing.
///
/// ```
/// use sse_core::channel::CloseReason;
/// # use sse_tokio::StreamCut;
///
/// fn has_read_too_slowly(cut: &StreamCut) -> bool {
///     matches!(cut.reason(), CloseReason::Overrun { .. })
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the stream was cut: {reason:?}")]
pub struct StreamCut {
    reason: CloseReason,
}

impl StreamCut {
    /// Why the stream ended: [`CloseReason::Overrun`] or [`CloseReason::Failed`].
    pub fn reason(&self) -> CloseReason {
        self.reason
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use futures_util::FutureExt;
    use http_body_util::BodyExt;
    use sse_core::{Hub, HubConfig, StringFormat, Token, wire::KEEPALIVE};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn writes_put_the_keepalive_off() {
        let (hub, token) = hub(16 << 20);
        let mut body = open(&hub, &token).await;
        let start = Instant::now();

        tokio::time::advance(Duration::from_secs(10)).await;
        hub.publish(&token, "ping", b"1", now()).unwrap().wake();

        assert_eq!(next(&mut body).await.unwrap().unwrap(), "event: ping\ndata: 1\n\n");
        assert_eq!(next(&mut body).await.unwrap().unwrap(), KEEPALIVE);
        assert_eq!(start.elapsed().as_secs(), 25);
    }

    #[tokio::test]
    async fn ready_events_go_out_as_one_frame() {
        let (hub, token) = hub(16 << 20);
        let mut body = open(&hub, &token).await;

        for data in ["1", "2"] {
            hub.publish(&token, "ping", data.as_bytes(), now()).unwrap().wake();
        }
        hub.publish(&token, "close", b"", now()).unwrap().wake();

        let both = "event: ping\ndata: 1\n\nevent: ping\ndata: 2\n\n";
        assert_eq!(next(&mut body).await.unwrap().unwrap(), both);
        assert_eq!(next(&mut body).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_within_a_turn_after_a_write_goes_out_in_the_same_write() {
        let (hub, token) = hub(16 << 20);
        let mut body = open(&hub, &token).await;
        wait(&mut body);
        let mut publish = (1..).map(|data| {
            hub.publish(&token, "ping", format!("{data}").as_bytes(), now()).unwrap().wake();
        });

        // The first block was written at this very instant.
        for expected in [[1, 2], [3, 4], [5, 6]] {
            publish.next();
            wait(&mut body);
            publish.next();
            let written = next(&mut body).await.unwrap().unwrap();
            let [first, second] = expected;
            let both = format!("event: ping\ndata: {first}\n\nevent: ping\ndata: {second}\n\n");
            assert_eq!(written, both);
            wait(&mut body);
        }
        tokio::time::advance(Duration::from_millis(1)).await;
        publish.next();
        assert_eq!(next_at_once(&mut body), "event: ping\ndata: 7\n\n");
    }

    #[tokio::test(start_paused = true)]
    async fn a_listener_waits_for_one_turn_at_most() {
        let (hub, token) = hub(16 << 20);
        let mut body = open(&hub, &token).await;
        wait(&mut body);

        hub.publish(&token, "ping", b"1", now()).unwrap().wake();
        wait(&mut body);

        assert_eq!(next_at_once(&mut body), "event: ping\ndata: 1\n\n");
    }

    #[tokio::test]
    async fn long_event_goes_out_in_several_frames() {
        let (hub, token) = hub(16 << 20);
        let mut body = open(&hub, &token).await;

        hub.publish(&token, "ping", &[b'x'; 40_000], now()).unwrap().wake();

        let mut lens = Vec::new();
        for _ in 0..3 {
            lens.push(next(&mut body).await.unwrap().unwrap().len());
        }
        assert_eq!(lens, [16_384, 16_384, 40_020 - 2 * 16_384]);
    }

    #[tokio::test]
    async fn overrun_is_an_error_of_the_body() {
        let (hub, token) = hub(150);
        let mut body = open(&hub, &token).await;

        hub.publish(&token, "ping", b"1", now()).unwrap().wake();
        hub.publish(&token, "ping", b"2", now()).unwrap().wake();

        let cut = next(&mut body).await.unwrap().unwrap_err();
        assert_eq!(cut.reason(), CloseReason::Overrun { missed: 1 });
    }

    #[test]
    fn body_can_be_boxed_by_any_server() {
        fn assert_send_sync<T: Send + Sync + Unpin + 'static>() {}
        assert_send_sync::<SseBody>();
    }

    fn hub(max_log_bytes: usize) -> (std::sync::Arc<Hub>, Token) {
        let config = HubConfig::new(StringFormat).with_max_log_bytes(max_log_bytes);
        (Hub::new(config), Token::new("42").unwrap())
    }

    /// A body that has said that it is open.
    async fn open(hub: &std::sync::Arc<Hub>, token: &Token) -> SseBody {
        let mut body = SseBody::new(hub.subscribe(token, now()).unwrap());
        let open = next(&mut body).await.unwrap().unwrap();
        assert_eq!(open, "event: sse.open\nretry: 3000\ndata: {}\n\n");
        body
    }

    /// Sees that nothing is written now.
    fn wait(body: &mut SseBody) {
        assert!(body.frame().now_or_never().is_none());
    }

    fn next_at_once(body: &mut SseBody) -> Bytes {
        let frame = body.frame().now_or_never().expect("it need not wait");
        frame.unwrap().unwrap().into_data().unwrap()
    }

    async fn next(body: &mut SseBody) -> Option<Result<Bytes, StreamCut>> {
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
        Some(frame.map(|frame| frame.into_data().unwrap()))
    }
}
