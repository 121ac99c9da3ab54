use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Version, header};
use sse_core::request::{RequestError, RequestHead};

/// Why a request is answered before the service sees it, whatever the service is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// What its head says cannot be.
    Head(RequestError),
    /// Its body breaks the rules of its framing.
    Framing,
}

impl Refusal {
    /// Why `request` is refused, if it is.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
        RequestHead::from(request).check().err().map(Self::Head)
    }

    /// The answer. Over HTTP/1 it is the last one: where the next request begins is not certain.
    pub(super) fn response(&self, version: Version) -> Response<Bytes> {
        let (status, text) = match self {
            Self::Head(error) => (error.status(), format!("{error}\n")),
            Self::Framing => (StatusCode::BAD_REQUEST, "the body is not framed right\n".to_owned()),
        };
        let mut response = Response::new(Bytes::from(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, text);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if version != Version::HTTP_2 {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
