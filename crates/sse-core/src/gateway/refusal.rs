use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::{page::escape, route::RouteError};
use crate::{PublishError, SubscribeError};

/// Why a request is not served, as the client is told.
#[derive(Debug)]
pub(super) enum Refusal {
    Route(RouteError),
    Method { allow: &'static str },
    Subscribe(SubscribeError),
    Publish(PublishError),
    TooLarge,
    Late,
    Incomplete,
}

impl Refusal {
    pub(super) fn into_response(self) -> Response<Bytes> {
        let mut response = page(self.status(), &self.text());
        if let Self::Method { allow } = self {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Route(_) | Self::Publish(PublishError::Format(_)) | Self::Incomplete => {
                StatusCode::BAD_REQUEST
            }
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Subscribe(SubscribeError::Taken) => StatusCode::LOCKED,
            Self::Subscribe(SubscribeError::Shutdown) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Publish(_) => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Route(error) => escape(&error.to_string()),
            Self::Method { .. } => "Method is not allowed".to_owned(),
            Self::Subscribe(SubscribeError::Taken) => "Target is already connected".to_owned(),
            Self::Subscribe(SubscribeError::Shutdown) => "Server is shutting down".to_owned(),
            Self::Publish(PublishError::NotConnected) => "Target is not connected".to_owned(),
            Self::Publish(PublishError::UnknownAction { .. }) => {
                "Unknown action requested".to_owned()
            }
            Self::Publish(PublishError::Format(error)) => {
                format!("Data is not properly formatted: <br />{}", escape(&error.to_string()))
            }
            Self::TooLarge => "Data is too large".to_owned(),
            Self::Late => "Data did not arrive in time".to_owned(),
            Self::Incomplete => "Data broke off".to_owned(),
        }
    }
}

impl From<RouteError> for Refusal {
    fn from(error: RouteError) -> Self {
        Self::Route(error)
    }
}

impl From<SubscribeError> for Refusal {
    fn from(error: SubscribeError) -> Self {
        Self::Subscribe(error)
    }
}

impl From<PublishError> for Refusal {
    fn from(error: PublishError) -> Self {
        Self::Publish(error)
    }
}

/// An error page in the form of the original; `text` is HTML.
fn page(status: StatusCode, text: &str) -> Response<Bytes> {
    let (code, reason) = (status.as_u16(), status.canonical_reason().unwrap_or_default());
    let body = format!("<html><title>{code}: {reason}</title><body>{code}: {text}</body></html>\n");
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}
