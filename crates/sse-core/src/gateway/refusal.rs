use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::{body_type::BodyTypeError, page, page::escape, route::RouteError};
use crate::{
    channel::IdempotencyKeyError,
    history::SinceError,
    hub::{PublishError, SubscribeError},
    request::RequestError,
    response::stop_reconnecting,
};

/// Why a request is not served, as the client is told.
#[derive(Debug)]
pub(super) enum Refusal {
    Head(RequestError),
    ForeignHost { host: String },
    OtherSite,
    Route(RouteError),
    Method { allow: &'static str },
    Subscribe(SubscribeError),
    Publish(PublishError),
    Since(SinceError),
    Key(IdempotencyKeyError),
    Keys,
    BodyType(BodyTypeError),
    TooLarge,
    Bodies { max: usize },
    Late,
    Incomplete,
}

impl Refusal {
    pub(super) fn into_response(self) -> Response<Bytes> {
        if let Self::Subscribe(SubscribeError::Ended) = self {
            return stop_reconnecting(Bytes::new());
        }
        let status = self.status();
        let mut response = error_page(status, &self.text());
        let headers = response.headers_mut();
        match self {
            Self::Method { allow } => {
                headers.insert(header::ALLOW, HeaderValue::from_static(allow));
            }
            Self::Head(_) => {
                // Nobody knows where the next request begins.
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Self::BodyType(BodyTypeError::Coding { .. }) => {
                headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            }
            _ => (),
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Head(error) => error.status(),
            Self::Route(_) | Self::Since(_) | Self::Key(_) | Self::Keys | Self::Incomplete => {
                StatusCode::BAD_REQUEST
            }
            Self::ForeignHost { .. } | Self::OtherSite => StatusCode::FORBIDDEN,
            Self::BodyType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Subscribe(error) => match error {
                SubscribeError::Taken => StatusCode::LOCKED,
                SubscribeError::Ended => StatusCode::NO_CONTENT,
                SubscribeError::Shutdown | SubscribeError::Limit { .. } => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
            },
            Self::Publish(error) => match error {
                PublishError::NotConnected | PublishError::UnknownAction { .. } => {
                    StatusCode::NOT_FOUND
                }
                PublishError::Shutdown | PublishError::Limit { .. } => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                PublishError::TooLarge { .. } | PublishError::TooManyEvents { .. } => {
                    StatusCode::PAYLOAD_TOO_LARGE
                }
                PublishError::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
                PublishError::Format(_)
                | PublishError::Line { .. }
                | PublishError::Empty
                | PublishError::OwnId { .. }
                | PublishError::Reserved { .. } => StatusCode::BAD_REQUEST,
            },
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Bodies { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
        }
    }

    fn text(&self) -> String {
        let shutdown = || "Server is shutting down".to_owned();
        let badly = |error: &dyn fmt::Display| {
            format!("Data is not properly formatted: <br />{}", escape(&error.to_string()))
        };
        match self {
            Self::Head(error) => escape(&error.to_string()),
            Self::ForeignHost { host } => {
                let host = escape(host);
                format!(
                    "Host {host} is not allowed here. If it is a name of this server, allow it with \
                     --allow-host {host}, or in code with GatewayConfig::with_hosts"
                )
            }
            Self::OtherSite => "Pages of other sites may not do this. Allow an origin with \
                                --allow-origin, or in code with GatewayConfig::with_cors"
                .to_owned(),
            Self::Route(error) => escape(&error.to_string()),
            Self::BodyType(error) => escape(&error.to_string()),
            Self::Since(error) => format!("Start is not known: {}", escape(&error.to_string())),
            Self::Key(error) => format!("Idempotency-Key is not valid: {error}"),
            Self::Keys => "Idempotency-Key stands there twice, and there can be one".to_owned(),
            Self::Method { .. } => "Method is not allowed".to_owned(),
            Self::Subscribe(SubscribeError::Taken) => "Target is already connected".to_owned(),
            Self::Subscribe(SubscribeError::Shutdown) => shutdown(),
            Self::Subscribe(error) => format!("Server is full: {error}"),
            Self::Publish(PublishError::NotConnected) => "Target is not connected".to_owned(),
            Self::Publish(PublishError::UnknownAction { .. }) => {
                "Unknown action requested".to_owned()
            }
            Self::Publish(PublishError::Shutdown) => shutdown(),
            Self::Publish(PublishError::Limit { limit, max }) => {
                format!("Server is full: there may be no more than {max} {limit}")
            }
            Self::Publish(PublishError::TooLarge { .. } | PublishError::TooManyEvents { .. })
            | Self::TooLarge => "Data is too large".to_owned(),
            Self::Publish(PublishError::KeyReused) => {
                "Idempotency-Key was used for something else".to_owned()
            }
            Self::Publish(PublishError::Format(error)) => badly(error),
            Self::Publish(error) => badly(error),
            Self::Bodies { max } => format!(
                "Server is full: the bodies that are arriving may take no more than {max} bytes, and \
                 those of one connection a part of it"
            ),
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

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        Self::Head(error)
    }
}

impl From<BodyTypeError> for Refusal {
    fn from(error: BodyTypeError) -> Self {
        Self::BodyType(error)
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
fn error_page(status: StatusCode, text: &str) -> Response<Bytes> {
    let (code, reason) = (status.as_u16(), status.canonical_reason().unwrap_or_default());
    let body = format!("<html><title>{code}: {reason}</title><body>{code}: {text}</body></html>\n");
    let mut response = page::html(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// How many seconds a client is asked to wait that finds the server full or about to end.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");
