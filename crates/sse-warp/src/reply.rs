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
use sse_tokio::{ResponseBody, StreamCut};
use sync_wrapper::SyncWrapper;
use warp::{Reply, reply};

/// The answer of the protocol in warp's types.
pub(crate) fn protocol(response: Response<ResponseBody>) -> reply::Response {
    ResponseBody::convert(response, body)
}

/// The answer in warp's types.
pub(crate) fn convert<B>(response: Response<B>) -> reply::Response
where
    B: Body<Data = Bytes, Error = StreamCut> + Send + Unpin + 'static,
{
    response.map(body)
}

/// The body in warp's type, which can be made of bytes or of a stream.
fn body<B>(mut body: B) -> WarpBody
where
    B: Body<Data = Bytes, Error = StreamCut> + Send + Unpin + 'static,
{
    if body.size_hint().exact().is_some() {
        let whole = body.frame().now_or_never().flatten().and_then(Result::ok);
        whole.and_then(|frame| frame.into_data().ok()).unwrap_or_default().into()
    } else {
        let stream = SyncStream(SyncWrapper::new(BodyDataStream::new(body)));
        reply::stream(stream).into_response().into_body()
    }
}

/// warp's own type of bodies, to which it gives no name.
type WarpBody = <reply::Response as HasBody>::Body;

trait HasBody {
    type Body;
}

impl<B> HasBody for Response<B> {
    type Body = B;
}

/// A stream that threads can share, as warp wants it: none can look at it without owning it.
struct SyncStream<S>(SyncWrapper<S>);

impl<S: Stream + Unpin> Stream for SyncStream<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        Pin::new(self.0.get_mut()).poll_next(cx)
    }
}
