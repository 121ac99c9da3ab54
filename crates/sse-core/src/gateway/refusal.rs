use std::{borrow::Cow, fmt, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::{
    RefusalReason, body_type::BodyTypeError, header_text::text, page, page::escape,
    route::RouteError,
};
use crate::{
    Hub,
    access::{GrantRefusal, Limited},
    channel::IdempotencyKeyError,
    format::FormatError,
    history::SinceError,
    hub::{PublishError, SubscribeError},
    request::RequestError,
    response::stop_reconnecting,
};

/// Why a request is not served, as the client is told.
#[derive(Debug)]
pub(super) enum Refusal {
    Head(RequestError),
    ForeignHost {
        host: String,
    },
    OtherSite,
    Route(RouteError),
    Method {
        allow: &'static str,
    },
    Unauthorized(Challenge),
    Forbidden,
    Failures {
        retry_after: Duration,
    },
    /// The credentials cannot be checked now.
    Unchecked,
    Limited(Limited),
    Subscribe(SubscribeError),
    Publish(PublishError),
    Since(SinceError),
    Key(IdempotencyKeyError),
    Keys,
    BodyType(BodyTypeError),
    TooLarge {
        max: u64,
    },
    Bodies {
        max: usize,
    },
    Late,
    Incomplete,
}

impl Refusal {
    /// The answer, which `hub` counts.
    pub(super) fn into_response(self, hub: &Hub) -> Response<Bytes> {
        hub.count_refusal(self.status());
        self.into_uncounted()
    }

    pub(super) fn into_uncounted(self) -> Response<Bytes> {
        let reason = RefusalReason::new(self.reason());
        let mut response = self.into_answer();
        response.extensions_mut().insert(reason);
        response
    }

    fn into_answer(self) -> Response<Bytes> {
        if let Self::Subscribe(SubscribeError::Ended) = self {
            return stop_reconnecting(Bytes::new());
        }
        let (status, retry_after) = (self.status(), self.retry_after());
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
            Self::Unauthorized(challenge) => challenge.put(headers),
            _ => (),
        }
        if let Some(retry_after) = retry_after {
            headers.insert(header::RETRY_AFTER, text(retry_after.as_secs_f64().ceil()));
        }
        response
    }

    /// Whether a client may come back after it.
    pub(super) fn is_passing(&self) -> bool {
        let status = self.status();
        status == StatusCode::LOCKED || self.retry_after().is_some()
    }

    /// How long a client is asked to wait, if it may come back.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failures { retry_after } => Some(*retry_after),
            Self::Limited(Limited::TooFast { retry_after, .. }) => Some(*retry_after),
            refusal if refusal.status() == StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_AFTER),
            _ => None,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Head(error) => error.status(),
            Self::Route(_) | Self::Since(_) | Self::Key(_) | Self::Keys | Self::Incomplete => {
                StatusCode::BAD_REQUEST
            }
            Self::ForeignHost { .. } | Self::OtherSite | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Failures { .. } | Self::Limited(Limited::TooFast { .. }) => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::Unchecked | Self::Limited(Limited::Full { .. }) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::BodyType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Subscribe(error) => match error {
                SubscribeError::Taken => StatusCode::LOCKED,
                SubscribeError::Ended => StatusCode::NO_CONTENT,
                SubscribeError::GrantEnded => StatusCode::UNAUTHORIZED,
                SubscribeError::Shutdown
                | SubscribeError::Limit { .. }
                | SubscribeError::Unloaded
                | SubscribeError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            },
            Self::Publish(error) => match error {
                PublishError::NotConnected | PublishError::UnknownAction { .. } => {
                    StatusCode::NOT_FOUND
                }
                PublishError::Shutdown
                | PublishError::Limit { .. }
                | PublishError::HasStore
                | PublishError::Unavailable(_)
                | PublishError::Unknown(_) => StatusCode::SERVICE_UNAVAILABLE,
                PublishError::TooLarge { .. } | PublishError::TooManyEvents { .. } => {
                    StatusCode::PAYLOAD_TOO_LARGE
                }
                PublishError::GrantEnded => StatusCode::UNAUTHORIZED,
                PublishError::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
                PublishError::Format(_)
                | PublishError::Line { .. }
                | PublishError::Empty
                | PublishError::OwnId { .. }
                | PublishError::Reserved { .. } => StatusCode::BAD_REQUEST,
            },
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Bodies { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// Why, for the log, without credentials and without data.
    fn reason(&self) -> Cow<'static, str> {
        match self {
            Self::Head(error) => error.to_string().into(),
            Self::ForeignHost { host } => format!("the host {host:?} is not allowed").into(),
            Self::OtherSite => "a page of another site may not do this".into(),
            Self::Route(error) => lowered(error.to_string()).into(),
            Self::Method { .. } => "the method is not allowed".into(),
            Self::Unauthorized(challenge) => match challenge.why {
                GrantRefusal::Missing => "credentials are needed".into(),
                GrantRefusal::Ended => ENDED.into(),
                _ => "the credentials are not valid".into(),
            },
            Self::Forbidden => "the grant does not permit this".into(),
            Self::Failures { .. } => "too many attempts of the client have failed".into(),
            Self::Unchecked => "credentials cannot be checked now".into(),
            Self::Limited(limited) => limited.to_string().into(),
            Self::Subscribe(error) => error.to_string().into(),
            Self::Publish(PublishError::NotConnected) => "nobody listens on the channel".into(),
            // The line has its beginning.
            Self::Publish(PublishError::UnknownAction { .. }) => "the action is not known".into(),
            Self::Publish(PublishError::Format(FormatError::NotRetry { .. })) => {
                "the data is no number of milliseconds from 0 to 4294967295".into()
            }
            Self::Publish(error) => error.to_string().into(),
            Self::Since(error) => error.to_string().into(),
            Self::Key(error) => error.to_string().into(),
            Self::Keys => "the request has two idempotency keys".into(),
            Self::BodyType(error) => error.to_string().into(),
            Self::TooLarge { max } => format!("the body is longer than {max} bytes").into(),
            Self::Bodies { max } => format!(
                "all bodies that are arriving may take {max} bytes, and those of one connection a part of it"
            )
            .into(),
            Self::Late => "the body did not arrive in time".into(),
            Self::Incomplete => "the body broke off".into(),
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
            Self::Unauthorized(Challenge { is_invalid: false, .. }) => {
                "Credentials are needed".to_owned()
            }
            Self::Unauthorized(_) => "Credentials are not valid".to_owned(),
            Self::Forbidden => "This is not permitted".to_owned(),
            Self::Failures { .. } => "Too many attempts have failed".to_owned(),
            Self::Unchecked => "Credentials cannot be checked now".to_owned(),
            Self::Limited(limited @ Limited::TooFast { .. }) => {
                format!("Too many requests: {}", escape(&limited.to_string()))
            }
            Self::Limited(limited) => format!("Server is full: {}", escape(&limited.to_string())),
            Self::Subscribe(SubscribeError::Taken) => "Target is already connected".to_owned(),
            Self::Subscribe(SubscribeError::Shutdown) => shutdown(),
            Self::Subscribe(SubscribeError::Unloaded | SubscribeError::Unavailable) => {
                "History cannot be read now".to_owned()
            }
            Self::Subscribe(error) => format!("Server is full: {error}"),
            Self::Publish(PublishError::NotConnected) => "Target is not connected".to_owned(),
            Self::Publish(PublishError::UnknownAction { .. }) => {
                "Unknown action requested".to_owned()
            }
            Self::Publish(PublishError::Shutdown) => shutdown(),
            Self::Publish(PublishError::Limit { limit, max }) => {
                format!("Server is full: there may be no more than {max} {limit}")
            }
            Self::Publish(PublishError::HasStore) => "History cannot be written now".to_owned(),
            Self::Publish(PublishError::Unavailable(why)) => {
                format!("History cannot be written now: {}", escape(&why.to_string()))
            }
            Self::Publish(PublishError::Unknown(why)) => format!(
                "It is not known whether this was published, and it may still appear, once: {}",
                escape(&why.to_string())
            ),
            Self::Publish(PublishError::TooLarge { .. } | PublishError::TooManyEvents { .. })
            | Self::TooLarge { .. } => "Data is too large".to_owned(),
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

/// Which credentials are asked for.
///
/// # Source
///
/// RFC 9110, [WWW-Authenticate][spec]; RFC 6750, [The WWW-Authenticate Response Header Field][bearer].
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc9110.html#name-www-authenticate
/// [bearer]: https://www.rfc-editor.org/rfc/rfc6750.html#section-3
#[derive(Clone, Copy, Debug)]
pub(super) struct Challenge {
    /// Whether the request had credentials, which are not valid.
    pub(super) is_invalid: bool,
    /// Whether a name and a password are accepted, too.
    pub(super) is_basic: bool,
    /// Why those of the request do not do, for the log.
    pub(super) why: GrantRefusal,
}

impl Challenge {
    /// For a grant that is over by now.
    pub(super) const ENDED: Self =
        Self { is_invalid: true, is_basic: false, why: GrantRefusal::Ended };

    fn put(self, headers: &mut HeaderMap) {
        let bearer = if self.is_invalid { BEARER_INVALID } else { BEARER };
        headers.append(header::WWW_AUTHENTICATE, bearer);
        if self.is_basic {
            headers.append(header::WWW_AUTHENTICATE, BASIC);
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
        match error {
            SubscribeError::GrantEnded => Self::Unauthorized(Challenge::ENDED),
            error => Self::Subscribe(error),
        }
    }
}

impl From<PublishError> for Refusal {
    fn from(error: PublishError) -> Self {
        Self::Publish(error)
    }
}

/// Where a sentence is part of another one.
fn lowered(mut sentence: String) -> String {
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    sentence
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

const ENDED: &str = "the grant has ended or was revoked";

/// How long a client is asked to wait that finds the server full or about to end.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The realm is the same for all channels.
const BEARER: HeaderValue = HeaderValue::from_static(r#"Bearer realm="events""#);
const BEARER_INVALID: HeaderValue =
    HeaderValue::from_static(r#"Bearer realm="events", error="invalid_token""#);
const BASIC: HeaderValue = HeaderValue::from_static(r#"Basic realm="events", charset="UTF-8""#);
