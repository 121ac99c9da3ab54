use std::{borrow::Cow, fmt, future::poll_fn, pin::Pin, task::Poll, time::Instant};

use bytes::{Buf, Bytes};
use http::{Method, Request, Response, StatusCode, request::Parts};
use http_body::Body;
use sse_core::{
    Gateway, Token,
    gateway::{Admission, Admitted, Asked, ChannelRequest, Handled, Permit},
    hub::PublishError,
};
use tokio::time::sleep_until;
use tracing::Level;

use super::{Answer, Protocol, ResponseBody, Rest};
use crate::{
    Channels, SseBody,
    timer::{LazyTimer, now},
};

impl Protocol {
    /// Answers one request and writes its line into the log.
    ///
    /// The path has to be as it came, neither decoded nor stripped of a prefix.
    pub fn exchange<B>(&self, request: Request<B>) -> impl Future<Output = Answer<B>>
    where
        B: Body,
        B::Error: fmt::Display,
    {
        let started = now();
        let (parts, body) = request.into_parts();
        let asked = self.gateway().ask(&parts);
        let named = tracing::enabled!(Level::INFO).then(|| named(self.gateway(), &parts, &asked));
        let line = Line { method: parts.method.clone(), named, started };
        // The head is held no longer than it must: a future is as large as all that it holds at once.
        self.answer(self.decide(asked, parts, started), body, line)
    }

    fn decide(&self, asked: Asked, parts: Parts, now: Instant) -> Decision {
        let asked = match asked {
            Asked::Respond(response) => return Decision::Made(Handled::Respond(response)),
            Asked::Channel(asked) => asked,
            _ => return Decision::Made(Handled::Respond(not_implemented())),
        };
        let gateway = self.gateway();
        if gateway.has_authenticator() {
            return Decision::Pending(Box::pin(ask_who(gateway.clone(), asked, parts)));
        }
        let grant = parts.extensions.get().cloned();
        Decision::Made(gateway.decide(asked, &parts, Ok(grant), now))
    }

    /// Answers a request in a route of your own that listens on the channel `token`, and writes its line
    /// into the log: all that [`exchange`](Self::exchange) does for a path of the protocol that listens. That
    /// is the place to start from, a refusal as each client can read it, CORS, the headers `Sse-*`, HEAD, and
    /// looking again at a token that is taken; see [`Gateway::listen`].
    ///
    /// The route decides beforehand who may listen, and on which channel. If it puts a
    /// [`Grant`](sse_core::access::Grant) into the extensions of `parts`, the stream ends when that ends or is
    /// revoked. Call it for GET and HEAD,
    /// and for OPTIONS too where pages of other origins may listen.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use http::Request;
    /// use sse_core::{
    ///     Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token, history::History,
    /// };
    /// use sse_tokio::Protocol;
    ///
    /// let config = HubConfig::new(StringFormat).with_history(History::new(42));
    /// let protocol = Protocol::new(Gateway::new(Hub::new(config), GatewayConfig::default()));
    ///
    /// let request = Request::get("/mine?since=earliest").header("host", "localhost");
    /// let (parts, ()) = request.body(())?.into_parts();
    /// let response = protocol.respond(&Token::new("alice")?, &parts).await;
    /// assert_eq!(response.status(), 200);
    /// assert_eq!(response.headers()["sse-resume"], "fresh");
    ///
    /// let second = protocol.respond(&Token::new("alice")?, &parts).await;
    /// assert_eq!(second.status(), 423);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn respond(&self, token: &Token, parts: &Parts) -> Response<ResponseBody> {
        let started = now();
        let handled = self.gateway().listen(token, parts, started);
        let named = tracing::enabled!(Level::INFO).then(|| {
            let listen = self.gateway().hub().config().actions().listen();
            Some((listen.to_owned(), token.clone()))
        });
        let line = Line { method: parts.method.clone(), named, started };
        let decision = Decision::Made(handled);
        self.answer(decision, ResponseBody::from(Bytes::new()), line).await.response
    }

    #[expect(clippy::manual_async_fn, reason = "an async fn would hold its arguments twice")]
    fn answer<B>(&self, decision: Decision, body: B, line: Line) -> impl Future<Output = Answer<B>>
    where
        B: Body,
        B::Error: fmt::Display,
    {
        async move {
            let handled = match decision {
                Decision::Made(handled) => handled,
                Decision::Pending(handled) => handled.await,
            };
            let (mut refused, mut reason) = (None, None);
            let answer = match handled {
                Handled::Respond(response) => {
                    Answer { response: response.map(ResponseBody::from), rest: Rest::of(body) }
                }
                Handled::Listen(admission) => {
                    let response = admit(admission, &mut refused).await;
                    Answer { response, rest: Rest::of(body) }
                }
                Handled::Publish(permit) => {
                    publish(&self.0.channels, permit, body, &mut reason).await
                }
                _ => Answer {
                    response: not_implemented().map(ResponseBody::from),
                    rest: Rest::of(body),
                },
            };
            line.log(refused.unwrap_or_else(|| answer.response.status()), reason.as_deref());
            answer
        }
    }
}

/// What is to be done with a request.
#[expect(clippy::large_enum_variant, reason = "most is decided at once, without an allocation")]
enum Decision {
    Made(Handled),
    /// Somebody has to be asked who sends it.
    Pending(Pin<Box<dyn Future<Output = Handled> + Send>>),
}

async fn ask_who(gateway: Gateway, asked: ChannelRequest, parts: Parts) -> Handled {
    let outcome = gateway.authenticate(&asked, &parts).await;
    gateway.decide(asked, &parts, outcome, now())
}

/// The answer to `admission`; if it is a refusal, `refused` says of what, whatever the answer's status.
async fn admit(
    mut admission: Admission,
    refused: &mut Option<StatusCode>,
) -> Response<ResponseBody> {
    loop {
        match admission.poll_response(now()) {
            Admitted::Stream(response) => {
                if let Some(resume) = response.body().resume() {
                    let token = response.body().token().shortened();
                    let (verdict, anchor) = (resume.verdict().as_str(), resume.anchor());
                    tracing::debug!(%token, verdict, %anchor, "a listener begins");
                }
                return response.map(|subscriber| SseBody::new(subscriber).into());
            }
            Admitted::Head(response) => return response.map(|_| ResponseBody::unseen()),
            Admitted::Refused { status, response } => {
                *refused = Some(status);
                return response.map(ResponseBody::from);
            }
            Admitted::Wait { until } => sleep_until(until.into()).await,
            _ => return not_implemented().map(ResponseBody::from),
        }
    }
}

/// The answer where the core wants something done that is not known here.
fn not_implemented() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
    response
}

/// The answer to what `permit` publishes; if it is a refusal that the status alone does not explain, `reason`
/// does.
async fn publish<B>(
    channels: &Channels,
    mut permit: Permit,
    body: B,
    reason: &mut Option<String>,
) -> Answer<B>
where
    B: Body,
    B::Error: fmt::Display,
{
    let mut body = Box::pin(body);
    match receive(&mut permit, body.as_mut()).await {
        Ok(()) => {
            let token = permit.token().clone();
            let publication = permit.publish(now());
            match publication.published {
                Ok(published) => drop(channels.deliver(&token, published)),
                Err(refused) => *reason = unexplained(&refused),
            }
            Answer { response: publication.response.map(ResponseBody::from), rest: None }
        }
        Err(refusal) => {
            Answer { response: refusal.map(ResponseBody::from), rest: Rest::of_pinned(body) }
        }
    }
}

/// Feeds `body` to `permit`, to the end or to a refusal.
async fn receive<B>(permit: &mut Permit, mut body: Pin<&mut B>) -> Result<(), Box<Response<Bytes>>>
where
    B: Body,
    B::Error: fmt::Display,
{
    let mut late = LazyTimer::default();
    loop {
        let next = poll_fn(|cx| match body.as_mut().poll_frame(cx) {
            Poll::Ready(frame) => Poll::Ready(Next::Frame(frame)),
            Poll::Pending => late.poll_until(Some(permit.deadline()), cx).map(|()| Next::Late),
        });
        let refusal = match next.await {
            Next::Frame(None) => return Ok(()),
            Next::Frame(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => feed(permit, data),
                Err(_trailers) => None,
            },
            Next::Frame(Some(Err(error))) => {
                tracing::debug!(%error, "the body broke off");
                Some(permit.handle_abort())
            }
            Next::Late => permit.handle_timeout(now()),
        };
        if let Some(refusal) = refusal {
            return Err(Box::new(refusal));
        }
    }
}

enum Next<F> {
    Frame(F),
    Late,
}

fn feed(permit: &mut Permit, mut data: impl Buf) -> Option<Response<Bytes>> {
    while data.has_remaining() {
        let chunk = data.chunk();
        if let Some(refusal) = permit.handle_input(chunk) {
            return Some(refusal);
        }
        let len = chunk.len();
        data.advance(len);
    }
    None
}

/// Which of several reasons the status of a refusal has, for the log.
fn unexplained(refused: &PublishError) -> Option<String> {
    matches!(
        refused,
        PublishError::TooLarge { .. }
            | PublishError::TooManyEvents { .. }
            | PublishError::GrantEnded
            | PublishError::KeyReused
            | PublishError::Limit { .. }
    )
    .then(|| refused.to_string())
}

/// Action and channel, for the log.
fn named(gateway: &Gateway, parts: &Parts, asked: &Asked) -> Option<(String, Token)> {
    match asked {
        Asked::Channel(asked) => Some((asked.action(gateway).to_owned(), asked.token().clone())),
        _ => gateway.channel(parts),
    }
}

/// What the log says of a request.
struct Line {
    method: Method,
    /// The action and the channel, if it names any; none where nothing is to be logged.
    named: Option<Option<(String, Token)>>,
    started: Instant,
}

impl Line {
    fn log(self, status: StatusCode, reason: Option<&str>) {
        let Some(named) = self.named else {
            return;
        };
        let too_long = (status == StatusCode::PAYLOAD_TOO_LARGE).then_some("the body is too long");
        let reason = reason.or(too_long);
        let (method, status) = (shortened(self.method.as_str()), status.as_u16());
        let micros = (now() - self.started).as_micros();
        let duration = format_args!("{micros}µs");
        match named {
            Some((action, token)) => {
                let (action, token) = (&*shortened(&action), &*token.shortened().to_string());
                // Quoted, so that neither can pass for another field.
                tracing::info!(%method, action, token, status, %duration, reason, "request");
            }
            None => tracing::info!(%method, status, %duration, reason, "request"),
        }
    }
}

/// The beginning of what may be as long as a request takes.
fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// How many characters of a method or an action a log line shows.
const SHOWN: usize = 8;
