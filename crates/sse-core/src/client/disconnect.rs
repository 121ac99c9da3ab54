use http::StatusCode;

use crate::DecodeError;

/// Why a connection is over.
///
/// ```
/// use http::StatusCode;
/// use sse_core::Disconnect;
///
/// let gone = Disconnect::Status { status: StatusCode::GONE };
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
    #[error("the server answered {status}")]
    Status {
        /// The status.
        status: StatusCode,
    },
    /// The server answered with something that is no event stream.
    #[error("the server sent {}, not text/event-stream", shown(content_type.as_deref()))]
    ContentType {
        /// The `Content-Type`, if there was one; several as one list.
        content_type: Option<String>,
    },
    /// The stream ended.
    #[error("the stream ended")]
    Ended,
    /// The connection broke in the middle of the stream.
    #[error("the stream broke off")]
    Cut,
    /// There was no answer.
    #[error("the connection failed")]
    Failed,
    /// The stream passed a limit of the decoder.
    #[error(transparent)]
    Decode(DecodeError),
}

fn shown(content_type: Option<&str>) -> String {
    content_type.map_or_else(|| "no content type".to_owned(), |value| format!("{value:?}"))
}
