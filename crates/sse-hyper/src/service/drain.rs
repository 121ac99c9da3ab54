use std::{future::poll_fn, pin::Pin, time::Duration};

use bytes::Buf;
use http_body::Body;
use tokio::time::timeout;

/// Reads what remains of a request's body and throws it away, so that a client that writes
/// everything before it reads gets its answer instead of a reset.
///
/// It runs beside the answer, which the client may read at once.
pub(super) fn drain<B>(body: B)
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
{
    if body.is_end_stream() {
        return;
    }
    let mut body = Box::pin(body);
    tokio::spawn(timeout(MAX_TIME, async move {
        let mut left = MAX_BYTES;
        while let Some(Ok(frame)) = next_frame(body.as_mut()).await {
            let read = frame.data_ref().map_or(0, Buf::remaining);
            let Some(rest) = left.checked_sub(read) else {
                return;
            };
            left = rest;
        }
    }));
}

pub(super) async fn next_frame<B: Body>(
    mut body: Pin<&mut B>,
) -> Option<Result<http_body::Frame<B::Data>, B::Error>> {
    poll_fn(|cx| body.as_mut().poll_frame(cx)).await
}

const MAX_BYTES: usize = 16 << 20;
const MAX_TIME: Duration = Duration::from_secs(5);
