use std::time::{Duration, Instant};

use super::{ClientRequest, Disconnect};
use crate::wire::{Discarded, MessageEvent};

/// What a [`Client`](crate::Client) asks of its driver.
///
/// ```
/// # use std::time::Instant;
/// use sse_core::{
///     Client,
///     client::{ClientConfig, ClientOutput, ClientRequest},
/// };
///
/// let request = ClientRequest::get("http://127.0.0.1:8888/poll/42".parse()?);
/// let mut client = Client::new(request, ClientConfig::default());
/// # let now = Instant::now();
/// assert!(matches!(client.poll_output(now), ClientOutput::Connect { .. }));
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a driver must handle every output")]
pub enum ClientOutput {
    /// Ask the caller for headers, and hand them to [`Client::handle_headers`].
    ///
    /// [`Client::handle_headers`]: crate::Client::handle_headers
    Refresh,
    /// Drop the connection there may be, and send this request.
    Connect {
        /// The request.
        request: Box<ClientRequest>,
        /// The last event ID fits in no header, and is left out.
        omits_last_event_id: bool,
    },
    /// The stream is open.
    Open,
    /// Deliver this event.
    Event(MessageEvent),
    /// The last event ID is now this, after a block without an event or a
    /// [system event](crate::client::SystemEvent) that is not delivered; it may be the same as before.
    LastEventId(String),
    /// Deliver this comment.
    Comment(String),
    /// The server set the reconnection time, here as it was sent.
    Retry(Duration),
    /// The stream is over, and this was left of it.
    Discarded(Discarded),
    /// Read on, and tell what comes.
    Receive {
        /// When to call [`Client::handle_timeout`](crate::Client::handle_timeout) if nothing comes.
        until: Option<Instant>,
    },
    /// The connection is over, and there will be another one after this time.
    Reconnecting {
        /// How long it will be waited.
        after: Duration,
        /// Why the connection is over.
        because: Disconnect,
    },
    /// Drop the connection there may be, and call
    /// [`Client::handle_timeout`](crate::Client::handle_timeout) at this instant.
    Wait {
        /// When the wait is over.
        until: Instant,
    },
    /// There is nothing to do any more. Every further poll says the same.
    Stop(Disconnect),
}

/// How a stream was over.
///
/// ```
/// # fn example(client: &mut sse_core::Client, now: std::time::Instant) {
/// client.handle_end(sse_core::client::End::Cut, now);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a stream is whole or it is not")]
pub enum End {
    /// The server ended it.
    Clean,
    /// The connection broke.
    Cut,
}

/// How far a request came that has no answer, or none that can be read.
///
/// ```
/// # fn example(client: &mut sse_core::Client, now: std::time::Instant) {
/// client.handle_failure(sse_core::client::Failure::Unsent, now);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "it was sent or it was not, and read or not")]
pub enum Failure {
    /// There was no connection to send it on.
    Unsent,
    /// It was sent, or part of it.
    Unanswered,
    /// The answer is there, in a form that this client can never read, such as an unknown content coding.
    Unreadable,
}

/// What a client is doing.
///
/// ```
/// # fn example(client: &sse_core::Client) {
/// if client.ready_state() == sse_core::client::ReadyState::Closed {
///     println!("it is over");
/// }
/// # }
/// ```
///
/// # Source
///
/// HTML Standard, [The `EventSource` interface][spec], `readyState`.
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-readystate
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the standard has these three")]
pub enum ReadyState {
    /// Connecting, or waiting to.
    Connecting,
    /// A stream is open.
    Open,
    /// Closed for good.
    Closed,
}
