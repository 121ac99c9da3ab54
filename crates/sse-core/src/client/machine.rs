use std::{
    mem,
    time::{Duration, Instant, SystemTime},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, Uri};

use super::{
    ClientConfig, ClientOutput, ClientRequest, Disconnect, End, Failure, ReadyState,
    attempt::{Attempt, LAST_EVENT_ID},
    delivery::earliest,
    location,
    response::{Verdict, wait_of},
    state::{State, Stream},
    streak::Streak,
};
use crate::{Decoder, wire::Leftover};

/// A client of one event stream: when to connect, what to deliver, how long to wait, when to stop.
///
/// Tell it what happens with `handle_*`, and after each of these call [`poll_output`] until it
/// returns [`ClientOutput::Refresh`], [`ClientOutput::Receive`], [`ClientOutput::Wait`] or
/// [`ClientOutput::Stop`]. What does not fit the state it is in, such as bytes without a connection, is
/// ignored. Time must not go back, and a timeout that comes early changes nothing.
///
/// [`poll_output`]: Self::poll_output
///
/// ```
/// use std::time::{Instant, SystemTime};
/// use http::{HeaderMap, HeaderValue, StatusCode};
/// use sse_core::{
///     Client,
///     client::{ClientConfig, ClientOutput, ClientRequest},
/// };
///
/// let request = ClientRequest::get("http://127.0.0.1:8888/poll/42".parse()?);
/// let (mut client, now) = (Client::new(request, ClientConfig::default()), Instant::now());
/// let ClientOutput::Connect { request, .. } = client.poll_output(now) else {
///     panic!("it begins with a connection");
/// };
/// assert_eq!(request.headers()["accept"], "text/event-stream");
///
/// let event_stream = HeaderValue::from_static("text/event-stream");
/// let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, event_stream)]);
/// client.handle_response(StatusCode::OK, &headers, SystemTime::now(), now);
/// assert_eq!(client.poll_output(now), ClientOutput::Open);
///
/// client.handle_input("id: 7\ndata: hi\n\n".into(), now);
/// let ClientOutput::Event(event) = client.poll_output(now) else {
///     panic!("a whole event went in");
/// };
/// assert_eq!((event.data(), client.last_event_id()), ("hi", "7"));
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
///
/// # Source
///
/// HTML Standard, [Processing model][spec].
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
#[derive(Debug)]
pub struct Client {
    pub(super) config: ClientConfig,
    pub(super) request: ClientRequest,
    pub(super) attempt: Attempt,
    pub(super) decoder: Decoder,
    pub(super) leftover: Leftover,
    pub(super) streak: Streak,
    pub(super) state: State,
    pub(super) input: Bytes,
    /// The stream ended behind `input`.
    pub(super) end: Option<Disconnect>,
    /// The answer opens no stream: the server refuses in the form that browsers understand.
    pub(super) refusal: Option<StatusCode>,
    /// The reconnection time that the stream has set, as it was sent.
    pub(super) asked: Option<Duration>,
    pub(super) was_open: bool,
    /// When it is out of time, once it has begun.
    pub(super) over: Option<Instant>,
    has_begun: bool,
}

impl Client {
    /// A client that is about to connect.
    pub fn new(mut request: ClientRequest, config: ClientConfig) -> Self {
        request.uri = location::normalized(request.uri);
        let preset = request.headers.remove(LAST_EVENT_ID);
        let last_event_id = match preset {
            Some(id) if config.last_event_id.is_empty() => {
                String::from_utf8_lossy(id.as_bytes()).into_owned()
            }
            _ => config.last_event_id.clone(),
        };
        Self {
            attempt: Attempt::new(&request, HeaderMap::new(), &last_event_id, None),
            decoder: Decoder::with_limits(config.limits)
                .with_comments(config.comments)
                .with_last_event_id(last_event_id),
            leftover: Leftover::new(),
            streak: Streak::new(&config),
            config,
            request,
            state: State::Idle,
            input: Bytes::new(),
            end: None,
            refusal: None,
            asked: None,
            was_open: false,
            over: None,
            has_begun: false,
        }
    }

    /// Whether the client is connecting, open or closed.
    pub fn ready_state(&self) -> ReadyState {
        match self.state {
            State::Opened(_) | State::Open(_) if self.refusal.is_none() => ReadyState::Open,
            State::Stopped(_) => ReadyState::Closed,
            _ => ReadyState::Connecting,
        }
    }

    /// The id of the last event, which the next request sends; empty if there is none.
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// The address of the caller, as it is sent; it stays the same behind redirects.
    ///
    /// # Source
    ///
    /// HTML Standard, [The `EventSource` interface][spec], `url`.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource-url
    pub fn uri(&self) -> &Uri {
        &self.request.uri
    }

    /// Where the last request went: behind redirects, another address than the caller's.
    ///
    /// # Source
    ///
    /// HTML Standard, [Interpreting an event stream][spec]: its origin is that of the events.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    pub fn current_uri(&self) -> &Uri {
        &self.attempt.request.uri
    }

    /// The caller has named the headers of this attempt, in place of others of the same names.
    pub fn handle_headers(&mut self, headers: HeaderMap) {
        if matches!(self.state, State::Refreshing) {
            let until = self.attempt.until;
            self.attempt = Attempt::new(&self.request, headers, self.last_event_id(), until);
            self.state = State::Ready;
        }
    }

    /// Whether an answer with this head is a stream, so that its body has to be understood.
    pub fn opens(status: StatusCode, headers: &HeaderMap) -> bool {
        matches!(Verdict::of(status, headers), Verdict::Open { .. })
    }

    /// The head of the answer has arrived, while the wall clock shows `date`.
    pub fn handle_response(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        date: SystemTime,
        now: Instant,
    ) {
        if !matches!(self.state, State::Connecting) || self.is_out_of_time(now) {
            return;
        }
        match Verdict::of(status, headers) {
            Verdict::Open { refusal } => {
                self.decoder.reset();
                self.leftover = Leftover::new();
                self.refusal = refusal;
                self.asked = None;
                let stream = Stream { opened: now, last_input: now };
                self.was_open |= refusal.is_none();
                self.state = match refusal {
                    None => State::Opened(stream),
                    Some(_) => State::Open(stream),
                };
            }
            Verdict::Redirect(location) => match self.attempt.redirect(status, &location) {
                Ok(()) => self.state = State::Ready,
                Err(error) => self.fail(Disconnect::Redirect(Box::new(error)), now),
            },
            Verdict::Refused(because) => {
                self.refuse(because, wait_of(headers, date), now);
            }
        }
    }

    /// The next bytes of the stream have arrived.
    pub fn handle_input(&mut self, input: Bytes, now: Instant) {
        let (State::Opened(stream) | State::Open(stream)) = &mut self.state else { return };
        if self.end.is_some() {
            return;
        }
        stream.last_input = now;
        if self.is_out_of_time(now) {
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
    pub fn handle_end(&mut self, end: End, now: Instant) {
        if matches!(self.state, State::Opened(_) | State::Open(_)) && !self.is_out_of_time(now) {
            self.end.get_or_insert(match end {
                End::Clean => Disconnect::Ended,
                End::Cut => Disconnect::Cut,
            });
        }
    }

    /// There was no connection, no answer on it that can be read, or there are no headers to ask with.
    pub fn handle_failure(&mut self, failure: Failure, now: Instant) {
        if matches!(self.state, State::Refreshing | State::Connecting) && !self.is_out_of_time(now)
        {
            match failure {
                Failure::Unsent => self.fail(Disconnect::Unreachable, now),
                Failure::Unanswered => self.fail(Disconnect::Failed, now),
                Failure::Unreadable => self.refuse(Disconnect::Unreadable, None, now),
            }
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.is_out_of_time(now) {
            return;
        }
        match self.state {
            State::Waiting { until } if until <= now => self.state = State::Idle,
            State::Refreshing | State::Connecting
                if self.attempt.until.is_some_and(|until| until <= now) =>
            {
                let limit = self.config.response_timeout;
                self.fail(Disconnect::NoAnswer { limit }, now);
            }
            State::Opened(stream) | State::Open(stream) => {
                if let Some(limit) = self.config.idle_timeout
                    && limit <= now.saturating_duration_since(stream.last_input)
                {
                    self.end.get_or_insert(Disconnect::Idle { limit });
                }
                // A refusal is an answer, and has to come in the same time.
                if self.refusal.is_some() && self.attempt.until.is_some_and(|until| until <= now) {
                    self.end.get_or_insert(Disconnect::Ended);
                }
            }
            _ => (),
        }
    }

    /// Drops the connection, or the wait for one, and connects at once. A closed client stays closed.
    pub fn restart(&mut self) {
        if !matches!(self.state, State::Stopped(_)) {
            self.clear();
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
        self.stop(Disconnect::Closed);
    }

    /// What the driver is to do next.
    // Events are most of what is polled for; the rest is out of their way.
    #[inline(always)]
    pub fn poll_output(&mut self, now: Instant) -> ClientOutput {
        match self.state {
            State::Open(stream) => self.poll_stream(stream, now),
            _ => self.poll_state(now),
        }
    }

    #[inline(never)]
    pub(super) fn poll_state(&mut self, now: Instant) -> ClientOutput {
        if !self.has_begun {
            self.has_begun = true;
            self.over = self.config.max_time.and_then(|limit| now.checked_add(limit));
        }
        match &self.state {
            State::Idle => self.begin(now),
            State::Ready => self.connect(),
            State::Refreshing | State::Connecting => {
                ClientOutput::Receive { until: earliest(self.attempt.until, self.over) }
            }
            &State::Opened(stream) => {
                self.state = State::Open(stream);
                ClientOutput::Open
            }
            &State::Open(stream) => self.poll_rest(stream, now),
            &State::Interrupted { until, after, ref because } => {
                let because = because.clone();
                self.state = State::Waiting { until };
                ClientOutput::Reconnecting { after, because }
            }
            &State::Waiting { until } => ClientOutput::Wait { until },
            State::Stopped(because) => ClientOutput::Stop(because.clone()),
        }
    }

    fn begin(&mut self, now: Instant) -> ClientOutput {
        let until = now.checked_add(self.config.response_timeout);
        let headers = HeaderMap::new();
        self.attempt = Attempt::new(&self.request, headers, self.last_event_id(), until);
        if self.config.refresh {
            self.state = State::Refreshing;
            return ClientOutput::Refresh;
        }
        self.connect()
    }

    fn connect(&mut self) -> ClientOutput {
        self.state = State::Connecting;
        ClientOutput::Connect {
            request: Box::new(self.attempt.request.clone()),
            omits_last_event_id: self.attempt.omits_last_event_id,
        }
    }

    pub(super) fn clear(&mut self) {
        drop(mem::take(&mut self.input));
        self.end = None;
    }
}
