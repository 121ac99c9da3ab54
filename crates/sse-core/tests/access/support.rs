use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, request::Parts};
use sse_core::{
    Gateway, Hub, HubConfig, StringFormat, Token,
    access::{Grant, Outcome, Permissions, Verdict},
    channel::{CloseReason, Output},
    gateway::{Admitted, Asked, Handled},
    history::Start,
    hub::{Counts, SubscribeError, Subscriber},
};

/// The first block of a stream without history.
pub(crate) const OPEN: &str = "event: sse.open\nretry: 3000\ndata: {}\n\n";

/// The last block of a stream whose grant has ended.
pub(crate) const EXPIRED: &str = "event: sse.expired\ndata: {}\n\n";

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const NANO: Duration = Duration::from_nanos(1);

pub(crate) fn quiet() -> HubConfig {
    HubConfig::new(StringFormat).with_keepalive(None)
}

pub(crate) fn token(name: &str) -> Token {
    Token::new(name).unwrap()
}

/// A grant of everything to `subject`.
pub(crate) fn grant_of(subject: &str) -> Grant {
    Grant::new(everything()).with_subject(subject)
}

pub(crate) fn everything() -> Permissions {
    Permissions::all().with_action("ping").with_action("close").with_action("retry")
}

pub(crate) fn ping(data: &str) -> String {
    format!("event: ping\ndata: {data}\n\n")
}

pub(crate) fn publish(hub: &Hub, name: &str, data: &str, now: Instant) {
    hub.publish(&token(name), "ping", data.as_bytes(), now).unwrap().wake();
}

/// A listener of a hub without history that has read the block which opens its stream.
pub(crate) fn listen(hub: &Arc<Hub>, name: &str, grant: &Grant, now: Instant) -> Subscriber {
    let mut listener = subscribe(hub, name, Some(grant), now).unwrap();
    assert_eq!(listener.poll_output(Waker::noop(), now), Output::Write(OPEN.into()));
    listener
}

pub(crate) fn subscribe(
    hub: &Arc<Hub>,
    name: &str,
    grant: Option<&Grant>,
    now: Instant,
) -> Result<Subscriber, SubscribeError> {
    hub.subscribe_granted(&token(name), &Start::default(), grant, now)
}

/// All that the listener writes at `now`, and why it is closed if it is.
pub(crate) fn read(listener: &mut Subscriber, now: Instant) -> (String, Option<CloseReason>) {
    let mut written = String::new();
    loop {
        match listener.poll_output(Waker::noop(), now) {
            Output::Write(bytes) => written += str::from_utf8(&bytes).unwrap(),
            Output::Wait { .. } => return (written, None),
            Output::Close(reason) => return (written, Some(reason)),
            other => panic!("{other:?}"),
        }
    }
}

/// What the hub counts, once that was seen to be what it holds.
pub(crate) fn counts(hub: &Hub) -> Counts {
    let counts = hub.counts();
    assert_eq!(counts, hub.recount(), "counted, and held");
    counts
}

pub(crate) fn parts(method: &str, target: &str, fields: &[(&str, &str)]) -> Parts {
    let method: Method = method.parse().unwrap();
    let mut request = Request::builder().method(method).uri(target);
    if !fields.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "here");
    }
    for &(name, value) in fields {
        request = request.header(name, value);
    }
    request.body(()).unwrap().into_parts().0
}

/// How a request was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) listener: Option<Subscriber>,
}

impl Answer {
    fn new(response: http::Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        let body = str::from_utf8(&body).unwrap().to_owned();
        Self { status: head.status, headers: head.headers, body, listener: None }
    }

    /// What is asked for, in a refusal.
    pub(crate) fn challenges(&self) -> Vec<&str> {
        let values = self.headers.get_all("www-authenticate").iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }
}

/// The answer to a request without a body, as a transport gets it that waits for who asks.
pub(crate) fn ask(
    gateway: &Gateway,
    method: &str,
    target: &str,
    fields: &[(&str, &str)],
    now: Instant,
) -> Answer {
    let parts = parts(method, target, fields);
    answer(handle(gateway, &parts, now), now)
}

pub(crate) fn status(
    gateway: &Gateway,
    method: &str,
    target: &str,
    fields: &[(&str, &str)],
    now: Instant,
) -> u16 {
    ask(gateway, method, target, fields, now).status.as_u16()
}

pub(crate) fn handle(gateway: &Gateway, parts: &Parts, now: Instant) -> Handled {
    match gateway.ask(parts) {
        Asked::Respond(response) => Handled::Respond(response),
        Asked::Channel(asked) => {
            let outcome = completed(gateway.authenticate(&asked, parts));
            gateway.decide(asked, parts, outcome, now)
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) fn answer(handled: Handled, mut now: Instant) -> Answer {
    let mut admission = match handled {
        Handled::Respond(response) => return Answer::new(response),
        Handled::Publish(permit) => return Answer::new(permit.publish(now).response),
        Handled::Listen(admission) => admission,
        other => panic!("{other:?}"),
    };
    loop {
        match admission.poll_response(&mut noop(), now) {
            Admitted::Stream(response) => {
                let (head, listener) = response.into_parts();
                let response = http::Response::from_parts(head, Bytes::new());
                return Answer { listener: Some(listener), ..Answer::new(response) };
            }
            Admitted::Head(response) | Admitted::Refused { response, .. } => {
                return Answer::new(response);
            }
            Admitted::Wait { until } => now = until,
            other => panic!("{other:?}"),
        }
    }
}

/// What a verdict completes with that needs nobody else.
pub(crate) fn completed(verdict: Verdict<'_>) -> Outcome {
    let mut verdict = std::pin::pin!(verdict);
    match verdict.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("it waits for somebody"),
    }
}

#[derive(Debug, Default)]
pub(crate) struct Woken(AtomicUsize);

impl Woken {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}

/// The context of somebody who does not wait.
pub(crate) fn noop() -> Context<'static> {
    Context::from_waker(Waker::noop())
}
