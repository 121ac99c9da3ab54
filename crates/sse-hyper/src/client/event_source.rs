use std::{
    fmt,
    future::{Future, poll_fn},
    mem,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant, SystemTime},
};

use futures_core::{FusedStream, Stream};
use http::{HeaderMap, Response, StatusCode, Uri, uri::Scheme};
use http_body::Body;
use sse_core::{
    Client,
    client::{ClientConfig, ClientOutput, ClientRequest, Disconnect, End, Failure, ReadyState},
};
use sse_tokio::{LazyTimer, now};
use tokio::task::coop::unconstrained;

use super::{
    AnsweredFrom, EventSourceBuilder, Interrupted, Notice, Transport, TransportBody,
    TransportFuture,
    builder::{Headers, Hook},
    coding,
    limits::MAX_TURNS,
    refusal::Refusal,
    transport::SharedError,
};

/// A stream of events that connects again by itself and keeps its place.
///
/// It ends without an error when it is told to: by [`close`](Self::close), by a 204 of the server,
/// or at the end of a stream that is not to be followed by another. Otherwise the last item is the
/// error that made it give up. Dropping it closes the connection at once; over HTTP/1.1 it has no task of its own, and
/// what it has not handed out is lost with it only then: every wait can be cancelled.
///
/// ```no_run
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::pin::pin;
/// use futures_util::StreamExt;
/// use sse_hyper::{EventSource, Notice};
///
/// let uri = "http://127.0.0.1:8888/poll/42".parse()?;
/// let mut source = pin!(EventSource::builder(uri).build()?);
/// while let Some(notice) = source.next().await {
///     if let Notice::Event(event) = notice? {
///         println!("{}: {}", event.name(), event.data());
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct EventSource {
    client: Client,
    transport: Box<dyn Transport>,
    hook: Option<Hook>,
    has_max_time: bool,
    connection: Connection,
    timer: LazyTimer,
    /// When the client was told something last; events that came together need no clock.
    now: Instant,
    /// Until when the connection is listened to though its time has passed, if it has.
    late_until: Option<Instant>,
    /// What the transport said of the last connection.
    failure: Option<SharedError>,
    /// The beginning of the last answer, if it was no stream.
    page: Option<String>,
    /// Where the transport was redirected to by itself.
    answered_from: Option<Uri>,
    is_over: bool,
}

enum Connection {
    None,
    Refreshing(Headers),
    Requesting(TransportFuture),
    /// The answer is no stream, and its body may say why. Its head came at this time.
    Refused(Box<Refusal>, Instant),
    Streaming(TransportBody),
}

impl EventSource {
    /// A source of the events at `uri`.
    pub fn builder(uri: Uri) -> EventSourceBuilder {
        EventSourceBuilder::new(ClientRequest::get(uri))
    }

    pub(super) fn new(
        request: ClientRequest,
        config: ClientConfig,
        transport: Box<dyn Transport>,
        hook: Option<Hook>,
    ) -> Self {
        Self {
            has_max_time: config.has_max_time(),
            client: Client::new(request, config),
            transport,
            hook,
            connection: Connection::None,
            timer: LazyTimer::default(),
            now: now(),
            late_until: None,
            failure: None,
            page: None,
            answered_from: None,
            is_over: false,
        }
    }

    /// Whether the source is connecting, open or closed.
    pub fn ready_state(&self) -> ReadyState {
        self.client.ready_state()
    }

    /// The id of the last event; empty if there is none.
    pub fn last_event_id(&self) -> &str {
        self.client.last_event_id()
    }

    /// The address that was asked for, without its user.
    pub fn uri(&self) -> &Uri {
        self.client.uri()
    }

    /// Where the stream comes from: behind redirects, another address than the one asked for.
    pub fn current_uri(&self) -> &Uri {
        self.answered_from.as_ref().unwrap_or_else(|| self.client.current_uri())
    }

    /// Drops the connection, or the wait for one, and connects at once.
    pub fn restart(&mut self) {
        self.connection = Connection::None;
        self.client.restart();
    }

    /// Closes the connection and ends the stream.
    pub fn close(&mut self) {
        self.connection = Connection::None;
        self.client.close();
    }

    /// Whether its transport has tasks that go on between two polls.
    pub(super) fn has_tasks(&self) -> bool {
        self.transport.has_tasks()
    }

    fn refresh(&mut self) {
        self.forget();
        self.connection = match &self.hook {
            Some(hook) => Connection::Refreshing(hook()),
            None => Connection::None,
        };
    }

    fn connect(&mut self, request: Box<ClientRequest>) {
        let uri = request.uri();
        // A ticket or a key may stand in the query.
        tracing::debug!(
            host = uri.authority().map(|it| it.as_str()),
            path = uri.path(),
            "connecting"
        );
        self.forget();
        self.answered_from = None;
        // The one before is over before the next begins.
        self.connection = Connection::None;
        self.connection = Connection::Requesting(self.transport.send((*request).into()));
    }

    fn forget(&mut self) {
        self.failure = None;
        self.page = None;
        self.late_until = None;
    }

    /// Waits for what comes next, at most until `until`, and tells the client.
    fn poll_receive(&mut self, until: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_connection(cx).is_ready() {
            self.late_until = None;
            return Poll::Ready(());
        }
        let Some(until) = until else { return Poll::Pending };
        let late_until = match self.late_until {
            Some(late_until) => late_until,
            None => {
                ready!(self.poll_timer(until, cx));
                // After a process was stopped, or its thread busy, what has arrived meanwhile is seen only
                // once the runtime has looked at its sockets: by the time that another timer fires.
                *self.late_until.insert(now() + GRACE)
            }
        };
        ready!(self.poll_timer(late_until, cx));
        self.late_until = None;
        self.now = now();
        match &mut self.connection {
            Connection::Refused(..) => self.refuse(),
            _ => self.client.handle_timeout(self.now),
        }
        Poll::Ready(())
    }

    /// A connection that is always ready for more takes the turns that a task has, but not those of its timer.
    fn poll_timer(&mut self, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let fired = poll_fn(|cx| self.timer.poll_until(Some(until), cx));
        pin!(unconstrained(fired)).poll(cx)
    }

    fn poll_connection(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.connection {
            Connection::None => {
                self.now = now();
                self.client.handle_failure(Failure::Unsent, self.now);
            }
            Connection::Refreshing(headers) => match ready!(headers.as_mut().poll(cx)) {
                Ok(headers) => self.client.handle_headers(headers),
                Err(error) => self.fail(Failure::Unsent, error),
            },
            Connection::Requesting(response) => match ready!(response.as_mut().poll(cx)) {
                Ok(response) => self.begin(response),
                Err(error) => self.fail(error.failure, error.source),
            },
            Connection::Refused(refusal, _) => {
                ready!(refusal.poll_read(cx));
                self.refuse();
            }
            Connection::Streaming(body) => match ready!(Pin::new(&mut body.0).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.now = now();
                        self.client.handle_input(data, self.now);
                    }
                }
                Some(Err(error)) => {
                    self.now = now();
                    self.failure = Some(error);
                    self.client.handle_end(End::Cut, self.now);
                }
                None => {
                    self.now = now();
                    self.client.handle_end(End::Clean, self.now);
                }
            },
        }
        Poll::Ready(())
    }

    fn begin(&mut self, response: Response<TransportBody>) {
        let (head, body) = response.into_parts();
        self.answered_from = head.extensions.get().map(|AnsweredFrom(uri)| uri.clone());
        if Client::opens(head.status, &head.headers) {
            match coding::decoded(&head.headers, body) {
                Ok(body) => {
                    self.handle_response(head.status, &head.headers, now());
                    self.connection = Connection::Streaming(body);
                }
                Err(error) => self.fail(Failure::Unreadable, Arc::new(error)),
            }
        } else {
            let is_plain = self.current_uri().scheme() == Some(&Scheme::HTTP);
            let refusal = Box::new(Refusal::new(head, body, is_plain));
            self.connection = Connection::Refused(refusal, now());
        }
    }

    /// Tells the client of an answer that is no stream, with as much of its body as was read.
    fn refuse(&mut self) {
        let refused = mem::replace(&mut self.connection, Connection::None);
        if let Connection::Refused(refusal, arrived) = refused {
            self.failure = refusal.explanation();
            // Where it is known what it means, it need not be read.
            self.page = refusal.page().filter(|_| self.failure.is_none());
            // The wait for its body takes no time from it.
            self.handle_response(refusal.status(), refusal.headers(), arrived);
        }
    }

    fn handle_response(&mut self, status: StatusCode, headers: &HeaderMap, at: Instant) {
        self.now = at;
        self.client.handle_response(status, headers, SystemTime::now(), self.now);
    }

    fn fail(&mut self, failure: Failure, error: SharedError) {
        self.failure = Some(error);
        self.connection = Connection::None;
        self.now = now();
        self.client.handle_failure(failure, self.now);
    }

    fn interrupted(&mut self, because: Disconnect) -> Interrupted {
        Interrupted::new(because, self.failure.take(), self.page.take())
    }

    fn stop(&mut self, because: Disconnect) -> Option<Result<Notice, Interrupted>> {
        self.connection = Connection::None;
        self.is_over = true;
        tracing::debug!(%because, "closed");
        match because {
            Disconnect::Closed | Disconnect::NoContent | Disconnect::Ended => None,
            because => Some(Err(self.interrupted(because))),
        }
    }
}

impl Stream for EventSource {
    type Item = Result<Notice, Interrupted>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Ready(None);
        }
        // It may have been built, or told to restart, long ago; or an event may have taken its time.
        if matches!(this.connection, Connection::None) || this.has_max_time {
            this.now = now();
        }
        let mut turns = 0;
        let notice = loop {
            match this.client.poll_output(this.now) {
                // At once, not by way of `notice`: an event would wait for its own stores.
                ClientOutput::Event(event) => {
                    return Poll::Ready(Some(Ok(Notice::Event(event))));
                }
                ClientOutput::Comment(text) => break Notice::Comment(text),
                ClientOutput::Retry(time) => break Notice::Retry(time),
                ClientOutput::LastEventId(id) => break Notice::LastEventId(id),
                ClientOutput::Discarded(discarded) => break Notice::Discarded(discarded),
                ClientOutput::Receive { until } => {
                    if turns == MAX_TURNS {
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    turns += 1;
                    ready!(this.poll_receive(until, cx));
                }
                ClientOutput::Refresh => this.refresh(),
                ClientOutput::Connect { request, omits_last_event_id } => {
                    this.connect(request);
                    if omits_last_event_id {
                        let id = this.client.last_event_id().to_owned();
                        break Notice::LastEventIdOmitted(id);
                    }
                }
                ClientOutput::Wait { until } => {
                    // A timer is never ready at once, also if there is nothing to wait for.
                    if now() < until {
                        ready!(this.timer.poll_until(Some(until), cx));
                    }
                    this.now = now();
                    this.client.handle_timeout(this.now);
                }
                ClientOutput::Open => {
                    tracing::debug!("the stream is open");
                    break Notice::Open;
                }
                ClientOutput::Reconnecting { after, because } => {
                    this.connection = Connection::None;
                    let because = this.interrupted(because);
                    tracing::debug!(?after, %because, "reconnecting");
                    break Notice::Reconnecting { after, because };
                }
                ClientOutput::Stop(because) => return Poll::Ready(this.stop(because)),
            }
        };
        Poll::Ready(Some(Ok(notice)))
    }
}

impl FusedStream for EventSource {
    fn is_terminated(&self) -> bool {
        self.is_over
    }
}

impl fmt::Debug for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource").field("client", &self.client).finish_non_exhaustive()
    }
}

/// How long a connection is listened to once its time has passed: the runtime has looked at all sockets by
/// then, and what waited in them has come through.
const GRACE: Duration = Duration::from_millis(50);
