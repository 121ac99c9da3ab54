use std::{
    slice,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, Version, header};

use super::{browser, header_text::text, policy::Policy, refusal::Refusal};
use crate::{
    Hub, Token,
    history::{Resume, Start},
    hub::{SubscribeError, Subscriber},
    response::event_stream,
};

/// A GET that wants to listen.
///
/// A token that is taken is looked at again for 50 ms: the end of the connection that holds it may
/// have arrived already, and the driver may only have to read it. What counts are the looks, not the
/// time: on a machine that is busy 50 ms may pass without a turn of the event loop.
///
/// ```
/// # use std::time::Instant;
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
/// let Admitted::Stream(response) = admission.poll_response(now) else {
///     panic!("nobody else listens");
/// };
/// assert_eq!(response.headers()["content-type"], "text/event-stream");
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Debug)]
pub struct Admission {
    hub: Arc<Hub>,
    asked: Listen,
    policy: Policy,
    pauses: slice::Iter<'static, Duration>,
}

/// What the head of a GET asks for.
#[derive(Debug)]
pub(super) struct Listen {
    pub(super) token: Token,
    pub(super) start: Start,
    pub(super) is_head: bool,
    /// Before HTTP/1.1 a stream of unknown length ends with its connection.
    pub(super) ends_connection: bool,
    pub(super) is_event_source: bool,
}

impl Admission {
    pub(super) fn new(hub: Arc<Hub>, asked: Listen, policy: Policy) -> Self {
        Self { hub, asked, policy, pauses: PAUSES.iter() }
    }

    /// How the request is answered, or when to ask again.
    pub fn poll_response(&mut self, now: Instant) -> Admitted {
        let Listen { token, start, is_head, .. } = &self.asked;
        let answer = if *is_head {
            let resume = self.hub.check_subscribe(token, start, now);
            resume.map(|resume| Admitted::Head(self.head(resume.as_ref(), Bytes::new())))
        } else {
            let listener = self.hub.subscribe_from(token, start, now);
            listener.map(|listener| {
                let head = self.head(listener.resume(), ());
                Admitted::Stream(head.map(|()| listener))
            })
        };
        match answer {
            Ok(admitted) => admitted,
            Err(error) => match self.pauses.next() {
                Some(pause) if error == SubscribeError::Taken => {
                    Admitted::Wait { until: now + *pause }
                }
                _ => self.refuse(error, now),
            },
        }
    }

    fn refuse(&self, error: SubscribeError, now: Instant) -> Admitted {
        let mut response = Refusal::from(error).into_response();
        let status = response.status();
        if PASSING.contains(&status) {
            let retry = browser::retry_after(&self.hub, error, now);
            if self.asked.is_event_source {
                response = browser::refused(status, retry);
            } else if error == SubscribeError::Shutdown {
                let seconds = retry.as_secs_f64().ceil();
                response.headers_mut().insert(header::RETRY_AFTER, text(seconds));
            }
        }
        Admitted::Refused { status, response: self.policy.apply(response) }
    }

    fn head<T>(&self, resume: Option<&Resume>, body: T) -> Response<T> {
        let mut response = event_stream(body);
        if self.asked.ends_connection {
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
        self.policy.apply(response)
    }
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
}

/// Refusals after which a client may come back.
const PASSING: [StatusCode; 3] =
    [StatusCode::LOCKED, StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];

/// The first is long enough for an event loop to read what has arrived; together they are 50 ms.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(1),
    Duration::from_millis(2),
    Duration::from_millis(4),
    Duration::from_millis(8),
    Duration::from_millis(16),
    Duration::from_millis(19),
];
