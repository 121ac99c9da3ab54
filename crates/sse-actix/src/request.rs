use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_web::{HttpMessage, HttpRequest, dev::Payload, error::PayloadError};
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderName, HeaderValue, Method, Request, Uri, Version};
use http_body::{Body, Frame};
use sse_core::{access::Grant, gateway::RemoteAddr};

/// The same request in the types that the protocol speaks: actix-web has those of `http` 0.2.
///
/// The target stays as it came.
pub(crate) fn convert(
    request: &HttpRequest,
    payload: Payload,
) -> Result<Request<RequestBody>, http::Error> {
    let head = request.head();
    let mut converted = Request::new(RequestBody::new(payload));
    *converted.method_mut() = Method::from_bytes(head.method.as_str().as_bytes())?;
    *converted.uri_mut() = Uri::try_from(head.uri.to_string())?;
    *converted.version_mut() = version(head.version);
    if let Some(remote) = request.peer_addr() {
        converted.extensions_mut().insert(RemoteAddr::from(remote));
    }
    if let Some(grant) = request.extensions().get::<Grant>() {
        converted.extensions_mut().insert(grant.clone());
    }
    let headers = converted.headers_mut();
    for (name, value) in head.headers() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes())?;
        headers.append(name, HeaderValue::from_bytes(value.as_bytes())?);
    }
    Ok(converted)
}

fn version(version: actix_web::http::Version) -> Version {
    use actix_web::http::Version as Theirs;

    match version {
        Theirs::HTTP_09 => Version::HTTP_09,
        Theirs::HTTP_10 => Version::HTTP_10,
        Theirs::HTTP_2 => Version::HTTP_2,
        Theirs::HTTP_3 => Version::HTTP_3,
        _ => Version::HTTP_11,
    }
}

/// A payload as the body of a request.
pub(crate) struct RequestBody {
    payload: Rc<RefCell<Payload>>,
    has_ended: Rc<Cell<bool>>,
}

impl RequestBody {
    fn new(payload: Payload) -> Self {
        let has_ended = Rc::new(Cell::new(matches!(payload, Payload::None)));
        Self { payload: Rc::new(RefCell::new(payload)), has_ended }
    }

    /// The payload, which then stays when the body is gone.
    pub(crate) fn payload(&self) -> Rc<RefCell<Payload>> {
        self.payload.clone()
    }

    /// Says whether the body was read to its end, also when it is gone.
    pub(crate) fn has_ended(&self) -> Rc<Cell<bool>> {
        self.has_ended.clone()
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = PayloadError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, PayloadError>>> {
        let item = ready!(Pin::new(&mut *self.payload.borrow_mut()).poll_next(cx));
        if !matches!(item, Some(Ok(_))) {
            self.has_ended.set(true);
        }
        Poll::Ready(item.map(|item| item.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended.get()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{http, test::TestRequest};

    use super::*;

    #[test]
    fn a_target_stays_as_it_came() {
        for target in ["/poll/a%2Fb?a=1?2", "*", "h:1", "http://test/poll/42?a"] {
            let request = TestRequest::with_uri(target).to_http_request();

            let converted = convert(&request, Payload::None).unwrap();

            assert_eq!(converted.uri(), target);
        }
    }

    #[test]
    fn a_version_stays_what_it_is() {
        for (theirs, ours) in [
            (http::Version::HTTP_10, Version::HTTP_10),
            (http::Version::HTTP_11, Version::HTTP_11),
            (http::Version::HTTP_2, Version::HTTP_2),
        ] {
            let request = TestRequest::default().version(theirs).to_http_request();

            let converted = convert(&request, Payload::None).unwrap();

            assert_eq!(converted.version(), ours);
        }
    }
}
