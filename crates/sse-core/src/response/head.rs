use http::{HeaderValue, Response, StatusCode, header};

/// The answer that opens an event stream, with `body` as the stream.
///
/// Its headers keep caches, proxies and compressors from holding events back.
///
/// ```
/// let response = sse_core::response::event_stream("data: 42\n\n");
/// assert_eq!(response.headers()["content-type"], "text/event-stream");
/// assert_eq!(response.headers()["cache-control"], "no-cache, no-transform");
/// assert_eq!(response.headers()["x-accel-buffering"], "no");
/// ```
///
/// # Source
///
/// HTML Standard, [Authoring notes][spec], and the practice of caches and proxies.
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes
pub fn event_stream<T>(body: T) -> Response<T> {
    stream_head(body, "no-cache, no-transform")
}

/// The answer that makes an `EventSource` close for good.
///
/// ```
/// assert_eq!(sse_core::response::stop_reconnecting("").status(), 204);
/// ```
///
/// # Source
///
/// HTML Standard, [Introduction][spec]: clients will not reconnect after 204 (No Content).
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#server-sent-events-intro
pub fn stop_reconnecting<T>(empty: T) -> Response<T> {
    let mut response = Response::new(empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

pub(crate) fn stream_head<T>(body: T, cache_control: &'static str) -> Response<T> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
