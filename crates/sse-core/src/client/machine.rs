use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    ClientConfig, Disconnect,
    backoff::Backoff,
    content_type::{is_event_stream, joined},
};
use crate::{Decoder, Item, MessageEvent};

/// A client of one event stream: when to connect, what to deliver, how long to wait, when to stop.
///
/// Tell it what happens with `handle_*`, and after each of these call [`poll_output`] until it
/// returns [`ClientOutput::Receive`], [`ClientOutput::Wait`] or [`ClientOutput::Stop`]. What does not
/// fit the state it is in, such as bytes without a connection, is ignored. Time must not go back.
///
/// [`poll_output`]: Self::poll_output
///
/// ```
/// use std::time::Instant;
/// use http::{HeaderMap, HeaderValue, StatusCode};
/// use sse_core::{Client, ClientConfig, ClientOutput};
///
/// let (mut client, now) = (Client::new(ClientConfig::default()), Instant::now());
/// let ClientOutput::Connect { headers, .. } = client.poll_output(now) else {
///     panic!("it begins with a connection");
/// };
/// assert_eq!(headers["accept"], "text/event-stream");
///
/// let event_stream = HeaderValue::from_static("text/event-stream");
/// client.handle_response(
///     StatusCode::OK,
///     &HeaderMap::from_iter([(http::header::CONTENT_TYPE, event_stream)]),
///     now,
/// );
/// assert_eq!(client.poll_output(now), ClientOutput::Open);
///
/// client.handle_input("id: 7\ndata: hi\n\n".into());
/// let ClientOutput::Event(event) = client.poll_output(now) else {
///     panic!("a whole event went in");
/// };
/// assert_eq!((event.data(), client.last_event_id()), ("hi", "7"));
/// ```
///
/// # Source
///
/// HTML Standard, [Processing model][spec].
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    decoder: Decoder,
    backoff: Backoff,
    state: State,
    input: Bytes,
    /// The stream ended behind `input`.
    end: Option<End>,
    was_open: bool,
}

#[derive(Debug)]
enum State {
    /// To be connected.
    Idle,
    /// Connected; the head of the answer is awaited.
    Connecting,
    /// To be announced.
    Opened,
    Open,
    /// The wait is to be announced.
    Interrupted {
        until: Instant,
        after: Duration,
        because: Disconnect,
    },
    Waiting {
        until: Instant,
    },
    Stopped(Disconnect),
}

impl Client {
    /// A client that is about to connect.
    pub fn new(config: ClientConfig) -> Self {
        let decoder = Decoder::with_limits(config.limits)
            .with_comments(config.comments)
            .with_last_event_id(config.last_event_id.clone());
        let backoff = Backoff::new(&config);
        Self {
            config,
            decoder,
            backoff,
            state: State::Idle,
            input: Bytes::new(),
            end: None,
            was_open: false,
        }
    }

    /// Whether the client is connecting, open or closed.
    pub fn ready_state(&self) -> ReadyState {
        match self.state {
            State::Opened | State::Open => ReadyState::Open,
            State::Stopped(_) => ReadyState::Closed,
            _ => ReadyState::Connecting,
        }
    }

    /// The id of the last event, which the next request sends; empty if there is none.
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// The head of the answer has arrived.
    pub fn handle_response(&mut self, status: StatusCode, headers: &HeaderMap, now: Instant) {
        if !matches!(self.state, State::Connecting) {
            return;
        }
        if status == StatusCode::NO_CONTENT {
            self.state = State::Stopped(Disconnect::NoContent);
        } else if status != StatusCode::OK {
            self.refuse(Disconnect::Status { status }, now);
        } else if !is_event_stream(headers) {
            let content_type = headers
                .contains_key(header::CONTENT_TYPE)
                .then(|| String::from_utf8_lossy(&joined(headers)).into_owned());
            self.refuse(Disconnect::ContentType { content_type }, now);
        } else {
            self.was_open = true;
            self.backoff.reset();
            self.decoder.reset();
            self.state = State::Opened;
        }
    }

    /// The next bytes of the stream have arrived.
    pub fn handle_input(&mut self, input: Bytes) {
        if !matches!(self.state, State::Opened | State::Open) || self.end.is_some() {
            return;
        }
        if self.input.is_empty() {
            self.input = input;
        } else {
            let mut joined = BytesMut::from(&self.input[..]);
            joined.extend_from_slice(&input);
            self.input = joined.freeze();
        }
    }

    /// The stream is over. What arrived before is still delivered.
    pub fn handle_end(&mut self, end: End) {
        if matches!(self.state, State::Opened | State::Open) {
            self.end.get_or_insert(end);
        }
    }

    /// There was no connection, or no answer on it.
    pub fn handle_failure(&mut self, now: Instant) {
        if !matches!(self.state, State::Connecting) {
            return;
        }
        let is_retried = self.was_open || self.config.initial_retry || self.config.persistence;
        if is_retried && self.config.reconnection {
            let after = self.backoff.after_failure();
            self.wait(after, Disconnect::Failed, now);
        } else {
            self.state = State::Stopped(Disconnect::Failed);
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let State::Waiting { until } = self.state
            && until <= now
        {
            self.state = State::Idle;
        }
    }

    /// Closes the client: nothing is delivered from now on.
    ///
    /// # Source
    ///
    /// HTML Standard, [The `EventSource` interface][spec], `close()`.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-close
    pub fn close(&mut self) {
        if !matches!(self.state, State::Stopped(_)) {
            self.state = State::Stopped(Disconnect::Closed);
        }
    }

    /// What the driver is to do next.
    pub fn poll_output(&mut self, now: Instant) -> ClientOutput {
        match &self.state {
            State::Idle => {
                self.state = State::Connecting;
                self.connect()
            }
            State::Connecting => ClientOutput::Receive,
            State::Opened => {
                self.state = State::Open;
                ClientOutput::Open
            }
            State::Open => self.poll_stream(now),
            &State::Interrupted { until, after, ref because } => {
                let because = because.clone();
                self.state = State::Waiting { until };
                ClientOutput::Reconnecting { after, because }
            }
            &State::Waiting { until } => ClientOutput::Wait { until },
            State::Stopped(because) => ClientOutput::Stop(because.clone()),
        }
    }

    fn poll_stream(&mut self, now: Instant) -> ClientOutput {
        let mut rest = &self.input[..];
        let output = match self.decoder.decode(&mut rest) {
            Ok(Some(Item::Event(event))) => Some(ClientOutput::Event(event.to_owned())),
            Ok(Some(Item::Comment(text))) => Some(ClientOutput::Comment(text.to_owned())),
            Ok(Some(Item::Retry(time))) => {
                self.backoff.set_reconnection_time(time);
                Some(ClientOutput::Retry(time))
            }
            Ok(None) => None,
            Ok(Some(Item::Dropped(error))) | Err(error) => {
                self.input = Bytes::new();
                self.refuse(Disconnect::Decode(error), now);
                return self.poll_output(now);
            }
        };
        let taken = self.input.len() - rest.len();
        self.input.advance(taken);
        match (output, self.end.take()) {
            (Some(output), end) => {
                self.end = end;
                output
            }
            (None, None) => ClientOutput::Receive,
            (None, Some(end)) => {
                self.end_stream(end, now);
                self.poll_output(now)
            }
        }
    }

    fn end_stream(&mut self, end: End, now: Instant) {
        let because = match end {
            End::Clean => Disconnect::Ended,
            End::Cut => Disconnect::Cut,
        };
        if self.config.reconnection {
            let after = self.backoff.after_end();
            self.wait(after, because, now);
        } else {
            self.state = State::Stopped(because);
        }
    }

    /// Stops after an answer that will not become better, unless the caller wants to persist.
    fn refuse(&mut self, because: Disconnect, now: Instant) {
        if self.config.persistence && self.config.reconnection {
            let after = self.backoff.after_failure();
            self.wait(after, because, now);
        } else {
            self.state = State::Stopped(because);
        }
    }

    fn wait(&mut self, after: Duration, because: Disconnect, now: Instant) {
        self.input = Bytes::new();
        self.end = None;
        // A wait beyond what the clock can say is one for ever; a year comes close.
        let until = now.checked_add(after).unwrap_or(now + YEAR);
        self.state = State::Interrupted { until, after, because };
    }

    /// # Source
    ///
    /// HTML Standard, [The `Last-Event-ID` header][spec]: the id as UTF-8 bytes.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header
    fn connect(&self) -> ClientOutput {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let id = self.decoder.last_event_id();
        let value = HeaderValue::from_bytes(id.as_bytes());
        let omits_last_event_id = value.is_err();
        if let Ok(value) = value
            && !id.is_empty()
        {
            headers.insert(LAST_EVENT_ID, value);
        }
        ClientOutput::Connect { headers, omits_last_event_id }
    }
}

/// What a [`Client`] asks of its driver.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a driver must handle every output")]
pub enum ClientOutput {
    /// Drop the connection there may be, and send the request with these headers.
    Connect {
        /// What the standard adds to the caller's own headers.
        headers: HeaderMap,
        /// The last event ID has a character that no header can carry, and is left out.
        omits_last_event_id: bool,
    },
    /// The stream is open.
    Open,
    /// Deliver this event.
    Event(MessageEvent),
    /// Deliver this comment.
    Comment(String),
    /// The server set the reconnection time, here as it was sent.
    Retry(Duration),
    /// Read on, and tell what comes.
    Receive,
    /// The connection is over, and there will be another one after this time.
    Reconnecting {
        /// How long it will be waited.
        after: Duration,
        /// Why the connection is over.
        because: Disconnect,
    },
    /// Drop the connection there may be, and call [`Client::handle_timeout`] at this instant.
    Wait {
        /// When the wait is over.
        until: Instant,
    },
    /// There is nothing to do any more. Every further poll says the same.
    Stop(Disconnect),
}

/// How a stream was over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a stream is whole or it is not")]
pub enum End {
    /// The server ended it.
    Clean,
    /// The connection broke.
    Cut,
}

/// What a client is doing.
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

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
