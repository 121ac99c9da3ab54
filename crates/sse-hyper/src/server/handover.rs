use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_body::Body;

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
fn is_plain(request: &Request<impl Body>) -> bool {
    let headers = request.headers();
    request.version() == Version::HTTP_11
        && request.method() == Method::GET
        && request.body().is_end_stream()
        && !headers.contains_key(header::CONNECTION)
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
