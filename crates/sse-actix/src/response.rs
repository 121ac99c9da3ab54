use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, MessageBody as _},
    dev::RequestHead,
    http::{
        ConnectionType, StatusCode, Version,
        header::{self, HeaderName, HeaderValue},
    },
};
use bytes::Bytes;
use http::Response;
use http_body::Body;
use sse_tokio::StreamCut;

use crate::{body::AnswerBody, closing::Closing, rest::Rest, watch::Watch};

/// The answer to `request` in actix-web's types, which are those of `http` 0.2.
pub(crate) fn convert<B>(
    request: &HttpRequest,
    response: Response<B>,
    mut rest: Rest,
    watch: Option<Watch>,
) -> HttpResponse
where
    B: Body<Data = Bytes, Error = StreamCut> + 'static,
{
    let head = request.head();
    if Version::HTTP_2 <= head.version {
        rest.spawn();
    }
    let (parts, body) = response.into_parts();
    let status = StatusCode::from_u16(parts.status.as_u16()).expect("a status stays one");
    let size = size(status, &body);
    let is_stream = size == BodySize::Stream;
    let is_awaited = size == BodySize::Sized(0) && rest.is_some();
    let size = if is_awaited { BodySize::Stream } else { size };

    let is_until_close = is_stream && head.version < Version::HTTP_11;
    let body = AnswerBody::new(body, size, rest)
        .with_watch(watch.filter(|_| is_stream))
        .with_closing(is_until_close.then(Closing::default));

    let mut converted = HttpResponse::with_body(status, body.boxed());
    let headers = converted.headers_mut();
    for (name, value) in &parts.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).expect("a name stays one");
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value stays one");
        headers.append(name, value);
    }
    if is_stream && may_be_compressed(head) {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("identity"));
    }
    if is_awaited {
        // actix-web would end what it is told to be empty before it is polled.
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        converted.head_mut().no_chunking(true);
    }
    if is_until_close {
        let head = converted.head_mut();
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
    converted
}

fn size(status: StatusCode, body: &impl Body) -> BodySize {
    if status == StatusCode::NO_CONTENT {
        return BodySize::None;
    }
    body.size_hint().exact().map_or(BodySize::Stream, BodySize::Sized)
}

/// Whether actix-web's `Compress`, if it is there, would hold the events back in a compressor: it
/// looks at no `no-transform`, only for a `Content-Encoding`.
fn may_be_compressed(head: &RequestHead) -> bool {
    head.headers().contains_key(header::ACCEPT_ENCODING)
}
