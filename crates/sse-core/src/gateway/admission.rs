use std::{
    slice,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderValue, Response};

use super::{cors::Grant, header_text::text, refusal::Refusal};
use crate::{Hub, Resume, Start, SubscribeError, Subscriber, Token, response::stream_head};

/// A GET that wants to listen.
///
/// A token that is taken is looked at again for 50 ms: the end of the connection that holds it may
/// have arrived already, and the driver may only have to read it. What counts are the looks, not the
/// time: on a machine that is busy 50 ms may pass without a turn of the event loop.
///
/// ```
/// # use std::time::Instant;
/// # use http::Request;
/// use sse_core::{Admitted, Gateway, GatewayConfig, Handled, Hub, HubConfig, StringFormat};
///
/// # let (gateway, now) = (
/// #     Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default()),
/// #     Instant::now(),
/// # );
/// let (parts, ()) = Request::get("/poll/42").body(())?.into_parts();
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
    token: Token,
    start: Start,
    is_head: bool,
    grant: Grant,
    pauses: slice::Iter<'static, Duration>,
}

impl Admission {
    pub(super) fn new(
        hub: Arc<Hub>,
        token: Token,
        start: Start,
        is_head: bool,
        grant: Grant,
    ) -> Self {
        Self { hub, token, start, is_head, grant, pauses: PAUSES.iter() }
    }

    /// How the request is answered, or when to ask again.
    pub fn poll_response(&mut self, now: Instant) -> Admitted {
        let (token, start) = (&self.token, &self.start);
        let answer = if self.is_head {
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
                _ => Admitted::Refused(self.grant.apply(Refusal::from(error).into_response())),
            },
        }
    }

    fn head<T>(&self, resume: Option<&Resume>, body: T) -> Response<T> {
        let mut response = stream_head(body, "no-cache");
        if let Some(resume) = resume {
            let headers = response.headers_mut();
            let verdict = HeaderValue::from_static(resume.verdict().as_str());
            headers.insert("sse-resume", verdict);
            headers.insert("sse-last-event-id", text(resume.anchor()));
        }
        self.grant.apply(response)
    }
}

/// What a driver is to do with a request to listen.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a driver must handle every case")]
pub enum Admitted {
    /// Send this head at once, then what the subscriber says.
    Stream(Response<Subscriber>),
    /// Send this head, without a body and without a length.
    Head(Response<Bytes>),
    /// Send this.
    Refused(Response<Bytes>),
    /// Ask again at this instant.
    Wait {
        /// When to call [`Admission::poll_response`].
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
