use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

/// An answer of one line.
pub(super) fn text(status: StatusCode, line: &str) -> Response<Bytes> {
    let mut response = of(PLAIN, format!("{line}\n"));
    *response.status_mut() = status;
    response
}

/// An answer that nobody keeps.
pub(super) fn of(content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

const PLAIN: &str = "text/plain; charset=utf-8";
