use std::{
    mem, slice,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, Version, header};

use super::{browser, header_text::text, policy::Policy, refusal::Refusal};
use crate::{
    Hub, Token,
    access::{Grant, GrantRefusal, Seat},
    history::{Resume, Start},
    hub::{Asking, SubscribeError, Subscriber},
    response::event_stream,
    store::Facts,
};

/// A GET that wants to listen.
///
/// A token that is taken is looked at again for 50 ms: the end of the connection that holds it may
/// have arrived already, and the driver may only have to read it. What counts are the looks, not the
/// time: on a machine that is busy 50 ms may pass without a turn of the event loop. A look that comes late
/// shows such a machine, and does not count, up to 50 times.
///
/// ```
/// # use std::{task::{Context, Waker}, time::Instant};
/// # use http::Request;
/// use sse_core::{
///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
///     gateway::{Admitted, Handled},
/// };
///
/// # let (gateway, now) = (
/// #     Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default()),
/// #     Instant::now(),
/// # );
/// let request = Request::get("/poll/42").header("host", "localhost").body(())?;
/// let (parts, ()) = request.into_parts();
/// let Handled::Listen(mut admission) = gateway.handle(&parts, now) else {
///     panic!("the path listens");
/// };
/// let Admitted::Stream(response) = admission.poll_response(&mut Context::from_waker(Waker::noop()), now) else {
///     panic!("nobody else listens");
/// };
/// assert_eq!(response.headers()["content-type"], "text/event-stream");
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Debug)]
pub struct Admission {
    hub: Arc<Hub>,
    asked: Asked,
    policy: Policy,
    looks: Looks,
    /// What the store was asked.
    asking: Option<Box<Asking>>,
}

/// What becomes of a GET.
#[derive(Debug)]
enum Asked {
    /// It listens if the hub admits it, and holds the seat until it ends.
    Listen(Listen, Seat),
    /// It is refused. The flag says whether an `EventSource` is to read the refusal.
    Refused(Option<Refusal>, bool),
}

/// What the head of a GET asks for.
#[derive(Debug)]
pub(super) struct Listen {
    pub(super) token: Token,
    /// The grant that permits it, unless everybody may.
    pub(super) grant: Option<Grant>,
    pub(super) start: Start,
    pub(super) is_head: bool,
    /// Before HTTP/1.1 a stream of unknown length ends with its connection.
    pub(super) ends_connection: bool,
    pub(super) is_event_source: bool,
}

impl Admission {
    pub(super) fn new(hub: Arc<Hub>, asked: Listen, seat: Seat, policy: Policy) -> Self {
        Self {
            hub,
            asked: Asked::Listen(asked, seat),
            policy,
            looks: Looks::default(),
            asking: None,
        }
    }

    pub(super) fn refused(
        hub: Arc<Hub>,
        refusal: Refusal,
        is_event_source: bool,
        policy: Policy,
    ) -> Self {
        let asked = Asked::Refused(Some(refusal), is_event_source);
        Self { hub, asked, policy, looks: Looks::default(), asking: None }
    }

    /// How the request is answered, or when to ask again.
    ///
    /// # Panics
    ///
    /// If it was answered before.
    pub fn poll_response(&mut self, cx: &mut Context<'_>, now: Instant) -> Admitted {
        let Self { hub, asked, policy, looks, asking } = self;
        let (asked, seat) = match asked {
            Asked::Listen(asked, seat) => (asked, seat),
            Asked::Refused(refusal, is_event_source) => {
                let refusal = refusal.take().expect("a request is answered once");
                return refuse(hub, refusal, *is_event_source, policy, now);
            }
        };
        loop {
            let facts = asking.as_ref().and_then(|asking| asking.facts());
            let error = match asked.admit((hub, facts), policy, seat, now) {
                Ok(admitted) => return admitted,
                Err(error) => error,
            };
            if error == SubscribeError::Taken
                && let Some(until) = looks.next(now)
            {
                // By then another process may have let go of it.
                asking.iter_mut().for_each(|asking| asking.forget());
                return Admitted::Wait { until };
            }
            if error != SubscribeError::Unloaded {
                return asked.refuse(hub, error, policy, now);
            }
            let asking = asking.get_or_insert_with(|| Box::new(Asking::new(!asked.is_head, now)));
            let until = asking.deadline();
            match asking.poll(hub, &asked.token, cx) {
                Poll::Ready(Ok(())) => (),
                Poll::Ready(Err(error)) => return asked.refuse(hub, error, policy, now),
                Poll::Pending if until <= now => {
                    return asked.refuse(hub, SubscribeError::Unavailable, policy, now);
                }
                Poll::Pending => return Admitted::Load { until },
            }
        }
    }
}

/// The looks at a token that is taken.
#[derive(Debug)]
struct Looks {
    pauses: slice::Iter<'static, Duration>,
    /// When to look again.
    until: Option<Instant>,
    /// How many came late.
    late: u8,
}

impl Default for Looks {
    fn default() -> Self {
        Self { pauses: PAUSES.iter(), until: None, late: 0 }
    }
}

impl Looks {
    /// When to look again after a look at `now`, if once more.
    fn next(&mut self, now: Instant) -> Option<Instant> {
        let is_late = self.until.is_some_and(|until| until + LATE <= now);
        let pause = if is_late && self.late < MAX_LATE {
            self.late += 1;
            LATE
        } else {
            *self.pauses.next()?
        };
        self.until = Some(now + pause);
        self.until
    }
}

impl Listen {
    /// The answer if it may listen.
    fn admit(
        &self,
        (hub, facts): (&Arc<Hub>, Option<&Facts>),
        policy: &Policy,
        seat: &mut Seat,
        now: Instant,
    ) -> Result<Admitted, SubscribeError> {
        let Self { token, start, grant, is_head, .. } = self;
        if *is_head {
            let resume = hub.check_subscribe_with(token, (start, facts), now)?;
            let head = self.head(resume.as_ref(), Bytes::new());
            return Ok(Admitted::Head(policy.apply(head)));
        }
        let mut listener = hub.subscribe_with(token, (start, facts), grant.as_ref(), now)?;
        listener.take_seat(mem::take(seat));
        let head = self.head(listener.resume(), ());
        Ok(Admitted::Stream(policy.apply(head.map(|()| listener))))
    }

    fn refuse(&self, hub: &Hub, error: SubscribeError, policy: &Policy, now: Instant) -> Admitted {
        if error == SubscribeError::GrantEnded {
            hub.count_grant_refused(GrantRefusal::Ended);
        }
        refuse(hub, error.into(), self.is_event_source, policy, now)
    }

    fn head<T>(&self, resume: Option<&Resume>, body: T) -> Response<T> {
        let mut response = event_stream(body);
        if self.ends_connection {
            // hyper would say `keep-alive` beside it in an answer of a later version.
            *response.version_mut() = Version::HTTP_10;
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        let headers = response.headers_mut();
        if let Some(resume) = resume {
            let verdict = HeaderValue::from_static(resume.verdict().as_str());
            headers.insert("sse-resume", verdict);
            headers.insert("sse-last-event-id", text(resume.anchor()));
        }
        response
    }
}

/// Says no: in a stream to an `EventSource`, where it will pass.
fn refuse(
    hub: &Hub,
    refusal: Refusal,
    is_event_source: bool,
    policy: &Policy,
    now: Instant,
) -> Admitted {
    let passing = refusal.is_passing().then(|| browser::retry_after(hub, &refusal, now));
    let is_shutdown = matches!(refusal, Refusal::Subscribe(SubscribeError::Shutdown));
    let mut response = refusal.into_response(hub);
    let status = response.status();
    if let Some(retry) = passing {
        if is_event_source {
            let extensions = mem::take(response.extensions_mut());
            response = browser::refused(status, retry);
            *response.extensions_mut() = extensions;
        } else if is_shutdown {
            let seconds = retry.as_secs_f64().ceil();
            response.headers_mut().insert(header::RETRY_AFTER, text(seconds));
        }
    }
    Admitted::Refused { status, response: policy.apply(response) }
}

/// What a driver is to do with a request to listen.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub enum Admitted {
    /// Send this head at once, then what the subscriber says.
    Stream(Response<Subscriber>),
    /// Send this head, without a body and without a length.
    Head(Response<Bytes>),
    /// Send the response.
    Refused {
        /// What is refused, for a log: an `EventSource` is told so in an answer 200.
        status: StatusCode,
        /// To be sent.
        response: Response<Bytes>,
    },
    /// Ask again at this instant.
    Wait {
        /// When to call [`Admission::poll_response`].
        until: Instant,
    },
    /// The store of the hub was asked for the channel. Ask again once the waker was woken, or at this instant.
    Load {
        /// When it is no longer waited for.
        until: Instant,
    },
}

/// The first is long enough for an event loop to read what has arrived; together they are 50 ms.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(1),
    Duration::from_millis(2),
    Duration::from_millis(4),
    Duration::from_millis(8),
    Duration::from_millis(16),
    Duration::from_millis(19),
];

/// What a timer is late by only where the thread had no turn.
const LATE: Duration = Duration::from_millis(5);

/// Half a second on a machine that is just slow enough.
const MAX_LATE: u8 = 50;
