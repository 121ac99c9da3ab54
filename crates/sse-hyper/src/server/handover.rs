use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_body::Body;
use sse_core::hub::Subscriber;
use sse_tokio::Shell;

use super::http1;

/// Where the service of a connection leaves the response that hyper shall not send.
///
/// Only the first one of a connection: then hyper holds nothing of another that is still to be sent.
#[derive(Debug)]
pub(super) struct Handover<B>(Mutex<State<B>>);

#[derive(Debug)]
enum State<B> {
    Fresh,
    Offered(Response<B>),
    Spent,
}

/// A connection on which an engine is to send an event stream.
pub(super) struct HandedOver {
    pub(super) io: http1::Io,
    /// What was read beyond the request.
    pub(super) ahead: Bytes,
    /// The head of the response.
    pub(super) head: Bytes,
    pub(super) subscriber: Subscriber,
    /// What is left of the body that the subscriber was taken from.
    pub(super) shell: Shell,
}

impl<B> Handover<B> {
    /// The place for the response to the first request of all, if that can be.
    pub(super) fn claim(self: &Arc<Self>, request: &Request<impl Body>) -> Option<Arc<Self>> {
        let is_first = matches!(mem::replace(&mut *self.lock(), State::Spent), State::Fresh);
        (is_first && is_plain(request)).then(|| self.clone())
    }

    pub(super) fn offer(&self, response: Response<B>) {
        *self.lock() = State::Offered(response);
    }

    pub(super) fn take(&self) -> Option<Response<B>> {
        let mut state = self.lock();
        match mem::replace(&mut *state, State::Spent) {
            State::Offered(response) => Some(response),
            other => {
                *state = other;
                None
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<B>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> Default for Handover<B> {
    fn default() -> Self {
        Self(Mutex::new(State::Fresh))
    }
}

/// Whether what answers `request` may be sent without hyper: nothing of the connection is asked for
/// that only hyper knows how to do.
///
/// Browsers say `keep-alive`, which HTTP/1.1 means anyway. Other names in `Connection` are of fields
/// that go no further than this server, and none of those is looked at here; but a client that
/// can read trailers (`TE`) gets them from hyper.
///
/// # Source
///
/// RFC 9110, [Connection][spec].
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc9110.html#name-connection
fn is_plain(request: &Request<impl Body>) -> bool {
    let headers = request.headers();
    let asks_for = |option: &[u8]| {
        option.eq_ignore_ascii_case(b"close") || option.eq_ignore_ascii_case(b"upgrade")
    };
    let mut options = headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii));
    request.version() == Version::HTTP_11
        && request.method() == Method::GET
        && request.body().is_end_stream()
        && !options.any(asks_for)
        && !headers.contains_key(header::TE)
        && !headers.contains_key(header::UPGRADE)
}

/// Whether `response` is an event stream whose end is not known.
pub(super) fn is_stream(response: &Response<impl Body>) -> bool {
    let headers = response.headers();
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let framing = [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
    response.status() == StatusCode::OK
        && content_type.is_some_and(|value| value.starts_with(b"text/event-stream"))
        && !framing.iter().any(|name| headers.contains_key(name))
        && response.body().size_hint().exact().is_none()
}

#[cfg(test)]
mod tests {
    use http_body_util::Empty;

    use super::*;

    #[test]
    fn keep_alive_and_names_of_fields_are_plain() {
        let cases: [(&[(&str, &str)], bool); 12] = [
            (&[], true),
            (&[("connection", "keep-alive")], true),
            (&[("connection", "Keep-Alive")], true),
            (&[("connection", "keep-alive, keep-alive"), ("connection", "KEEP-ALIVE")], true),
            (&[("connection", "x-hop,,"), ("x-hop", "1"), ("keep-alive", "timeout=5")], true),
            (&[("connection", "close")], false),
            (&[("connection", "keep-alive,\tClose")], false),
            (&[("connection", "keep-alive"), ("connection", "close")], false),
            (&[("connection", "Upgrade")], false),
            (&[("upgrade", "websocket")], false),
            (&[("connection", "keep-alive, Te"), ("te", "trailers")], false),
            (&[("te", "trailers")], false),
        ];
        for (fields, expected) in cases {
            let mut request = Request::get("/");
            for (name, value) in fields {
                request = request.header(*name, *value);
            }
            let request = request.body(Empty::<Bytes>::new()).unwrap();
            assert_eq!(is_plain(&request), expected, "{fields:?}");
        }
    }
}
