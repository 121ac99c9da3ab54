use http::{HeaderMap, HeaderName, StatusCode};

use crate::wire::EventRef;

/// An event by which a server speaks to the client and not to the reader of the events.
///
/// A [`Client`](crate::Client) keeps these to itself, unless it was told to
/// [hand them on](crate::client::ClientConfig::with_system_events). A program that reads
/// with a [`Decoder`](crate::Decoder) alone can tell them apart here.
///
/// ```
/// use http::StatusCode;
/// use sse_core::{Decoder, Item, client::SystemEvent};
///
/// let mut decoder = Decoder::new();
/// let mut stream = &b"event: sse.refused\nretry: 5000\ndata: {\"status\":423}\n\n"[..];
/// let mut seen = Vec::new();
/// while let Some(item) = decoder.decode(&mut stream)? {
///     if let Item::Event(event) = item {
///         seen.extend(SystemEvent::of(event));
///     }
/// }
///
/// assert_eq!(seen, [SystemEvent::Refused { status: StatusCode::LOCKED }]);
/// # Ok::<(), sse_core::wire::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SystemEvent {
    /// `sse.open`: the stream begins. It is there for its reconnection time, its id, and so that
    /// proxies have a byte of the body to pass on.
    Open,
    /// `sse.refused`: there is no stream for now. A browser would take the status itself as final.
    Refused {
        /// What the server would have answered otherwise, at least 400.
        status: StatusCode,
    },
    /// `sse.expired`: the client's permission to listen has ended. The stream ends, and the client comes back with
    /// the credentials that it has then.
    Expired,
    /// `sse.replaced`: another listener has taken the place of this one.
    Replaced,
}

impl SystemEvent {
    /// What `event` says to the client, if it is one of these. An `sse.refused` whose data names no
    /// status is an event like any other.
    pub fn of(event: EventRef<'_>) -> Option<Self> {
        match event.name() {
            "sse.open" => Some(Self::Open),
            "sse.expired" => Some(Self::Expired),
            "sse.replaced" => Some(Self::Replaced),
            "sse.refused" => status_in(event.data()).map(|status| Self::Refused { status }),
            _ => None,
        }
    }

    /// Whether an event of this name may be one of these: most are not, which costs one comparison.
    #[inline]
    pub(super) fn is_named(name: &str) -> bool {
        name.starts_with("sse.")
    }
}

/// The status in the head of an answer that is a refusal, though a browser sees a stream.
pub(super) fn refusal(headers: &HeaderMap) -> Option<StatusCode> {
    error_status(headers.get(SSE_REFUSED)?.to_str().ok()?)
}

/// The value of `"status"` in a JSON object; what else stands in it does not matter.
fn status_in(data: &str) -> Option<StatusCode> {
    let (_, value) = data.strip_prefix('{')?.split_once("\"status\"")?;
    let value = value.trim_start().strip_prefix(':')?;
    let end = value.find([',', '}'])?;
    error_status(&value[..end])
}

fn error_status(digits: &str) -> Option<StatusCode> {
    let status = StatusCode::from_bytes(digits.trim().as_bytes()).ok()?;
    (StatusCode::BAD_REQUEST <= status).then_some(status)
}

const SSE_REFUSED: HeaderName = HeaderName::from_static("sse-refused");
