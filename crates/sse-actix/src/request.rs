use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_web::{HttpRequest, dev::Payload, error::PayloadError};
use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body::{Body, Frame};

/// The same request in the types that the protocol speaks: actix-web has those of `http` 0.2.
///
/// Path and query stay as they came.
pub(crate) fn convert(
    request: &HttpRequest,
    payload: Payload,
) -> Result<Request<RequestBody>, http::Error> {
    let head = request.head();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut converted = Request::new(RequestBody::new(payload));
    *converted.method_mut() = Method::from_bytes(head.method.as_str().as_bytes())?;
    *converted.uri_mut() = Uri::try_from(target)?;
    let headers = converted.headers_mut();
    for (name, value) in head.headers() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes())?;
        headers.append(name, HeaderValue::from_bytes(value.as_bytes())?);
    }
    Ok(converted)
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
