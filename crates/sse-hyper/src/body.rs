use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame};
use sse_core::{CloseReason, Output, Subscriber};

use crate::timer::{LazyTimer, now};

/// A response body that writes what one [`Subscriber`] is to receive.
///
/// All that is ready goes out as one frame of up to 16 KiB, and a longer event in several. hyper
/// polls the body only while its own write buffer has room, so a slow client holds no queue here: it
/// falls behind in the channel's log and is cut once overrun.
///
/// ```
/// # use std::{sync::Arc, time::Instant};
/// use http_body_util::BodyExt;
/// use sse_core::{Hub, HubConfig, StringFormat, Token};
/// use sse_hyper::SseBody;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hub = Hub::new(HubConfig::new(StringFormat));
/// let token = Token::new("42")?;
/// let mut body = SseBody::new(hub.subscribe(&token, Instant::now())?);
///
/// hub.publish(&token, "ping", b"hi", Instant::now())?.wake();
/// let frame = body.frame().await.expect("the channel is open")?;
/// assert_eq!(frame.into_data().unwrap(), "event: ping\ndata: hi\n\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SseBody {
    subscriber: Subscriber,
    /// The rest of an event that is longer than a frame.
    rest: Bytes,
    timer: LazyTimer,
}

impl SseBody {
    /// The body that follows `subscriber`.
    pub fn new(subscriber: Subscriber) -> Self {
        Self { subscriber, rest: Bytes::new(), timer: LazyTimer::default() }
    }
}

impl Body for SseBody {
    type Data = Bytes;
    type Error = StreamCut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamCut>>> {
        while self.rest.is_empty() {
            match self.subscriber.poll_output(cx.waker(), now()) {
                Output::Write(bytes) => {
                    self.rest = bytes;
                    break;
                }
                Output::Close(CloseReason::Finished | CloseReason::Shutdown) => {
                    return Poll::Ready(None);
                }
                Output::Close(reason) => return Poll::Ready(Some(Err(StreamCut { reason }))),
                Output::Wait { until } => ready!(self.timer.poll_until(until, cx)),
            }
            self.subscriber.handle_timeout(now());
        }
        let len = self.rest.len().min(MAX_FRAME);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(len)))))
    }
}

/// The end of a stream that did not say everything.
///
/// As the error of a body it makes the server break the connection, so that the client sees that
/// something is missing.
///
/// ```
/// fn log(error: &sse_hyper::StreamCut) {
///     tracing::warn!(reason = ?error.reason(), "{error}");
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the stream was cut: {reason:?}")]
pub struct StreamCut {
    reason: CloseReason,
}

impl StreamCut {
    /// Why the subscription ended.
    pub fn reason(&self) -> CloseReason {
        self.reason
    }
}

/// hyper copies a frame into its write buffer, and would hold a whole long event for each client.
const MAX_FRAME: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use sse_core::{Hub, HubConfig, KEEPALIVE, LogConfig, StringFormat, Token};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn writes_put_the_keepalive_off() {
        let (hub, token) = hub(LogConfig::default());
        let mut body = SseBody::new(hub.subscribe(&token, now()).unwrap());
        let start = Instant::now();

        tokio::time::advance(Duration::from_secs(10)).await;
        hub.publish(&token, "ping", b"1", now()).unwrap().wake();

        assert_eq!(next(&mut body).await.unwrap().unwrap(), "event: ping\ndata: 1\n\n");
        assert_eq!(next(&mut body).await.unwrap().unwrap(), KEEPALIVE);
        assert_eq!(start.elapsed().as_secs(), 25);
    }

    #[tokio::test]
    async fn ready_events_go_out_as_one_frame() {
        let (hub, token) = hub(LogConfig::default());
        let mut body = SseBody::new(hub.subscribe(&token, now()).unwrap());

        for data in ["1", "2"] {
            hub.publish(&token, "ping", data.as_bytes(), now()).unwrap().wake();
        }
        hub.publish(&token, "close", b"", now()).unwrap().wake();

        let both = "event: ping\ndata: 1\n\nevent: ping\ndata: 2\n\n";
        assert_eq!(next(&mut body).await.unwrap().unwrap(), both);
        assert_eq!(next(&mut body).await, None);
    }

    #[tokio::test]
    async fn long_event_goes_out_in_several_frames() {
        let (hub, token) = hub(LogConfig::default());
        let mut body = SseBody::new(hub.subscribe(&token, now()).unwrap());

        hub.publish(&token, "ping", &[b'x'; 40_000], now()).unwrap().wake();

        let mut lens = Vec::new();
        for _ in 0..3 {
            lens.push(next(&mut body).await.unwrap().unwrap().len());
        }
        assert_eq!(lens, [MAX_FRAME, MAX_FRAME, 40_000 + 20 - 2 * MAX_FRAME]);
    }

    #[tokio::test]
    async fn overrun_is_an_error_of_the_body() {
        let (hub, token) = hub(LogConfig::default().with_max_bytes(100));
        let mut body = SseBody::new(hub.subscribe(&token, now()).unwrap());

        hub.publish(&token, "ping", b"1", now()).unwrap().wake();
        hub.publish(&token, "ping", b"2", now()).unwrap().wake();

        let cut = next(&mut body).await.unwrap().unwrap_err();
        assert_eq!(cut.reason(), CloseReason::Overrun { missed: 2 });
    }

    #[test]
    fn body_can_be_boxed_by_any_server() {
        fn assert_send_sync<T: Send + Sync + Unpin + 'static>() {}
        assert_send_sync::<SseBody>();
    }

    fn hub(log: LogConfig) -> (std::sync::Arc<Hub>, Token) {
        let config = HubConfig::new(StringFormat).with_log(log);
        (Hub::new(config), Token::new("42").unwrap())
    }

    async fn next(body: &mut SseBody) -> Option<Result<Bytes, StreamCut>> {
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
        Some(frame.map(|frame| frame.into_data().unwrap()))
    }
}
