use std::error::Error;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};

/// The body of an answer: a page, or a stream that goes on.
pub(super) type Body = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// `body` among those of other types.
pub(super) fn boxed<B>(body: B) -> Body
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    body.map_err(Into::into).boxed_unsync()
}

/// An answer of one line.
pub(super) fn text(status: StatusCode, line: &str) -> Response<Body> {
    let mut response = of(PLAIN, format!("{line}\n"));
    *response.status_mut() = status;
    response
}

/// An answer that nobody keeps.
pub(super) fn of(content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(boxed(Full::from(body)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

const PLAIN: &str = "text/plain; charset=utf-8";
