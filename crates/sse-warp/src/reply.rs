use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::FutureExt;
use http::Response;
use http_body::Body;
use http_body_util::{BodyDataStream, BodyExt};
use sse_tokio::StreamCut;
use sync_wrapper::SyncWrapper;
use warp::{Reply, reply};

/// The answer in warp's types: its body can be made of bytes or of a stream.
pub(crate) fn convert<B>(response: Response<B>) -> reply::Response
where
    B: Body<Data = Bytes, Error = StreamCut> + Send + Unpin + 'static,
{
    let (parts, mut body) = response.into_parts();
    let body = if body.size_hint().exact().is_some() {
        let whole = body.frame().now_or_never().flatten().and_then(Result::ok);
        whole.and_then(|frame| frame.into_data().ok()).unwrap_or_default().into()
    } else {
        let stream = SyncStream(SyncWrapper::new(BodyDataStream::new(body)));
        reply::stream(stream).into_response().into_body()
    };
    Response::from_parts(parts, body)
}

/// A stream that threads can share, as warp wants it: none can look at it without owning it.
struct SyncStream<S>(SyncWrapper<S>);

impl<S: Stream + Unpin> Stream for SyncStream<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        Pin::new(self.0.get_mut()).poll_next(cx)
    }
}
