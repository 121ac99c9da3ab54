//! How the body of a POST becomes the data of an event.

mod string;
pub use string::StringFormat;

#[cfg(feature = "json")]
mod json;
#[cfg(feature = "json")]
pub use json::JsonFormat;

use std::{borrow::Cow, fmt};

use http::HeaderValue;

use crate::action::ActionSet;

/// How the body of a POST becomes the data of an event.
///
/// A format is combined freely with an [`IdSource`](crate::id_source::IdSource). The examples are the three
/// ways in which the original library was extended.
///
/// # Examples
///
/// Data joined by `;` into one line:
///
/// ```
/// use std::time::Instant;
/// use http::HeaderValue;
/// use sse_core::{
///     Hub, HubConfig, StringFormat, Token,
///     channel::Output,
///     format::{Format, FormatError},
/// };
///
/// #[derive(Debug)]
/// struct Joined;
///
/// impl Format for Joined {
///     fn content_type(&self) -> HeaderValue {
///         HeaderValue::from_static("text/plain")
///     }
///
///     fn data(&self, body: &[u8]) -> Result<String, FormatError> {
///         let text = StringFormat.data(body)?;
///         Ok(text.lines().collect::<Vec<_>>().join(";"))
///     }
/// }
///
/// let (hub, now) = (Hub::new(HubConfig::new(Joined)), Instant::now());
/// let token = Token::new("42")?;
/// let mut listener = hub.subscribe(&token, now)?;
/// # let _open = listener.poll_output(std::task::Waker::noop(), now);
/// hub.publish(&token, "ping", b"1\n2", now)?.wake();
/// let waker = std::task::Waker::noop();
/// assert_eq!(listener.poll_output(waker, now), Output::Write("event: ping\ndata: 1;2\n\n".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The same with ids, counted from 0:
///
/// ```
/// # use std::time::Instant;
/// # use http::HeaderValue;
/// # use sse_core::{Hub, StringFormat, Token, channel::Output, format::{Format, FormatError}};
/// # #[derive(Debug)]
/// # struct Joined;
/// # impl Format for Joined {
/// #     fn content_type(&self) -> HeaderValue { HeaderValue::from_static("text/plain") }
/// #     fn data(&self, body: &[u8]) -> Result<String, FormatError> {
/// #         Ok(StringFormat.data(body)?.lines().collect::<Vec<_>>().join(";"))
/// #     }
/// # }
/// use sse_core::{HubConfig, id_source::Counter};
///
/// let hub = Hub::new(HubConfig::new(Joined).with_ids(Counter::default()));
/// # let (token, now) = (Token::new("42")?, Instant::now());
/// # let mut listener = hub.subscribe(&token, now)?;
/// # let _open = listener.poll_output(std::task::Waker::noop(), now);
/// hub.publish(&token, "ping", b"1\n2", now)?.wake();
/// # let waker = std::task::Waker::noop();
/// assert_eq!(
///     listener.poll_output(waker, now),
///     Output::Write("event: ping\ndata: 1;2\nid: 0\n\n".into()),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The same with the time as id:
///
/// ```
/// # use std::time::{Duration, Instant};
/// # use http::HeaderValue;
/// # use sse_core::{Hub, HubConfig, StringFormat, Token, channel::Output, format::{Format, FormatError}};
/// # #[derive(Debug)]
/// # struct Joined;
/// # impl Format for Joined {
/// #     fn content_type(&self) -> HeaderValue { HeaderValue::from_static("text/plain") }
/// #     fn data(&self, body: &[u8]) -> Result<String, FormatError> {
/// #         Ok(StringFormat.data(body)?.lines().collect::<Vec<_>>().join(";"))
/// #     }
/// # }
/// use sse_core::id_source::TimeStamp;
///
/// # let now = Instant::now();
/// # let since_1970 = Duration::from_secs(1_353_666_000);
/// let hub = Hub::new(HubConfig::new(Joined).with_ids(TimeStamp::new(since_1970, now)));
/// # let token = Token::new("42")?;
/// # let mut listener = hub.subscribe(&token, now)?;
/// # let _open = listener.poll_output(std::task::Waker::noop(), now);
/// hub.publish(&token, "ping", b"1\n2", now)?.wake();
/// # let waker = std::task::Waker::noop();
/// assert_eq!(
///     listener.poll_output(waker, now),
///     Output::Write("event: ping\ndata: 1;2\nid: 1353666000.000000\n\n".into()),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Format: fmt::Debug + Send + Sync + 'static {
    /// The media type that a publisher is told of in `Accept`.
    fn content_type(&self) -> HeaderValue;

    /// The data of the event that `body` asks for. Each line of it becomes one `data:` line.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if `body` does not fit the format; the publisher is told why.
    fn data(&self, body: &[u8]) -> Result<String, FormatError>;

    /// Whether a body of the type `application/x-ndjson` is a batch: one event a line.
    fn takes_batches(&self) -> bool {
        false
    }

    /// The actions of a hub with this format, unless its configuration says otherwise.
    fn actions(&self) -> ActionSet {
        ActionSet::default()
    }
}

/// Why the body of a POST does not fit.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Bytes that are not UTF-8.
    #[error("not UTF-8 at byte {at}")]
    NotUtf8 {
        /// Offset of the first byte that is not.
        at: usize,
    },
    /// Text that is not JSON (RFC 8259).
    #[error("not JSON: {reason}")]
    NotJson {
        /// What the parser met, and where.
        reason: String,
    },
    /// A reconnection time that is none.
    #[error("not a number of milliseconds from 0 to 4294967295: {value:?}")]
    NotRetry {
        /// The beginning of what was sent.
        value: String,
    },
    /// What a format of your own finds wrong.
    #[error("{0}")]
    Other(Cow<'static, str>),
}

fn utf8(body: &[u8]) -> Result<&str, FormatError> {
    str::from_utf8(body).map_err(|error| FormatError::NotUtf8 { at: error.valid_up_to() })
}
