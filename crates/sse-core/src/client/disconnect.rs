use std::time::Duration;

use http::StatusCode;

use super::{RedirectError, RetryAfter};
use crate::wire::DecodeError;

/// Why a connection is over.
///
/// ```
/// use http::StatusCode;
/// use sse_core::client::Disconnect;
///
/// let gone = Disconnect::Status { status: StatusCode::GONE, retry_after: None };
/// assert_eq!(gone.to_string(), "the server answered 410 Gone");
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Disconnect {
    /// The caller closed the client.
    #[error("closed")]
    Closed,
    /// The server answered 204, which tells clients to stop for good.
    #[error("the server answered 204 No Content")]
    NoContent,
    /// The server answered with another status than 200.
    #[error("the server answered {}", shown_status(*status))]
    Status {
        /// The status.
        status: StatusCode,
        /// When it wants to be asked again, if it says so.
        retry_after: Option<RetryAfter>,
    },
    /// The server sent [`sse.refused`](crate::client::SystemEvent::Refused) in the place of a stream, and asks
    /// to be waited for. Only a client that [does not connect again][off] ends with it.
    ///
    /// [off]: crate::client::ClientConfig::with_reconnection
    #[error("the server refused for now: {}", shown_status(*status))]
    Refused {
        /// What it would have answered to a client that is no browser.
        status: StatusCode,
    },
    /// The server sent [`sse.replaced`](crate::client::SystemEvent::Replaced): the channel has one place, and another
    /// listener has taken it. To come back would take it from that one, so only a client that
    /// [persists](crate::client::ClientConfig::with_persistence) does.
    #[error("another listener has taken the place of this one")]
    Replaced,
    /// The server answered with something that is no event stream.
    #[error("the server sent {}, not text/event-stream", shown(content_type.as_deref()))]
    ContentType {
        /// The `Content-Type`, if there was one; several as one list.
        content_type: Option<String>,
    },
    /// The server sent a redirect that is not followed.
    #[error("the server sent {0}")]
    Redirect(Box<RedirectError>),
    /// The stream ended.
    #[error("the stream ended")]
    Ended,
    /// The connection broke in the middle of the stream.
    #[error("the stream broke off")]
    Cut,
    /// Nothing came for as long as the caller allows.
    #[error("nothing came for {limit:?}")]
    Idle {
        /// [`ClientConfig::with_idle_timeout`](crate::client::ClientConfig::with_idle_timeout).
        limit: Duration,
    },
    /// There was no connection, so the request was not sent.
    #[error("the connection failed")]
    Unreachable,
    /// There was no answer.
    #[error("the connection failed")]
    Failed,
    /// The answer cannot be read, and so will not be the next time.
    #[error("the answer cannot be read")]
    Unreadable,
    /// The answer did not come in time.
    #[error("the connection failed: no answer within {limit:?}")]
    NoAnswer {
        /// [`ClientConfig::with_response_timeout`](crate::client::ClientConfig::with_response_timeout).
        limit: Duration,
    },
    /// The stream passed a limit of the decoder.
    #[error(transparent)]
    Decode(DecodeError),
    /// The client has run for as long as the caller allows.
    #[error("{limit:?} are over")]
    OutOfTime {
        /// [`ClientConfig::with_max_time`](crate::client::ClientConfig::with_max_time).
        limit: Duration,
    },
    /// It was tried as often, or for as long, as the caller allows, or is to be waited for too long.
    #[error("{because}; {limit}")]
    GaveUp {
        /// The limit that was reached.
        limit: RetryLimit,
        /// Why the last connection was over.
        because: Box<Self>,
    },
}

/// A limit to connecting again and again.
///
/// ```
/// use sse_core::client::RetryLimit;
///
/// assert_eq!(RetryLimit::Retries(3).to_string(), "given up after 3 retries");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RetryLimit {
    /// [`ClientConfig::with_max_retries`](crate::client::ClientConfig::with_max_retries).
    #[error("given up after {0} retries")]
    Retries(u32),
    /// [`ClientConfig::with_max_outage`](crate::client::ClientConfig::with_max_outage).
    #[error("given up after {0:?} of trying")]
    Outage(Duration),
    /// [`ClientConfig::with_max_time`](crate::client::ClientConfig::with_max_time): the next connection would
    /// begin after it.
    #[error("given up, as the next connection would begin after the {0:?} that it may take in all")]
    Time(Duration),
    /// The server asks for this wait, by `retry:` or by `Retry-After`, and it is longer than a day.
    #[error("given up, as the server asks to wait for {0:?}, which is more than a day")]
    Wait(Duration),
}

/// Without a word for one that has none.
fn shown_status(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(_) => status.to_string(),
        None => status.as_str().to_owned(),
    }
}

fn shown(content_type: Option<&str>) -> String {
    content_type.map_or_else(|| "no content type".to_owned(), |value| format!("{value:?}"))
}
