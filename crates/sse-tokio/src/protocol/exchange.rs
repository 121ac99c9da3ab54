use std::{
    fmt, mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::{Buf, Bytes};
use http::{Request, Response, StatusCode, request::Parts};
use http_body::Body;
use sse_core::{
    Gateway, Token,
    gateway::{Admission, Admitted, Asked, ChannelRequest, Handled, Permit, Posting, Publication},
};

use super::{Answer, Protocol, ResponseBody, Rest, line::Line, trace::Trace};
use crate::{
    Channels, SseBody,
    timer::{LazyTimer, now},
};

impl Protocol {
    /// Answers one request and writes its line into the log.
    ///
    /// What the head alone decides is decided before the future is polled.
    ///
    /// The path has to be as it came, neither decoded nor stripped of a prefix.
    pub fn exchange<B>(
        &self,
        request: Request<B>,
    ) -> impl Future<Output = Answer<B>> + Unpin + use<B>
    where
        B: Body,
        B::Error: fmt::Display,
    {
        let started = now();
        let (parts, body) = request.into_parts();
        let asked = self.gateway().ask(&parts);
        let line = Line::of(&parts, started, || named(self.gateway(), &parts, &asked));
        self.answer(self.decide(asked, parts, &line, started), body, line)
    }

    fn decide(&self, asked: Asked, mut parts: Parts, line: &Line, now: Instant) -> Decision {
        let asked = match asked {
            Asked::Respond(response) => return Decision::Made(Handled::Respond(response)),
            Asked::Channel(asked) => asked,
            _ => return Decision::Made(Handled::Respond(not_implemented())),
        };
        let gateway = self.gateway();
        if asked.has_authenticator() {
            Trace::pass_on(line.trace, &mut parts.headers);
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
        let line = Line::of(parts, started, || {
            let listen = self.gateway().hub().config().actions().listen();
            Some((listen.to_owned(), token.clone()))
        });
        let decision = Decision::Made(handled);
        self.answer(decision, ResponseBody::from(Bytes::new()), line).await.response
    }

    fn answer<B>(&self, decision: Decision, body: B, line: Line) -> Exchange<B> {
        let (channels, body) = (self.0.channels.clone(), Some(Box::pin(body)));
        let (timer, again) = (LazyTimer::default(), None);
        Exchange { channels, decision, body, timer, again, line: Some(line) }
    }
}

/// What is to be done with a request.
#[expect(clippy::large_enum_variant, reason = "most is decided at once, without an allocation")]
enum Decision {
    Made(Handled),
    /// Somebody has to be asked who sends it.
    Pending(Pin<Box<dyn Future<Output = Handled> + Send>>),
    /// It was published, and a store says what became of it.
    Submitted(Box<(Token, Posting)>),
    /// It was carried out.
    Done,
}

async fn ask_who(gateway: Gateway, asked: ChannelRequest, parts: Parts) -> Handled {
    let outcome = gateway.authenticate(&asked, &parts).await;
    gateway.decide(asked, &parts, outcome, now())
}

/// One request on its way to its answer.
///
/// Written by hand, since a block of `async` would hold most of it twice or more, and be moved as often.
struct Exchange<B> {
    channels: Channels,
    decision: Decision,
    body: Option<Pin<Box<B>>>,
    timer: LazyTimer,
    /// When a listener is looked at again.
    again: Option<Instant>,
    line: Option<Line>,
}

impl<B> Future for Exchange<B>
where
    B: Body,
    B::Error: fmt::Display,
{
    type Output = Answer<B>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer<B>> {
        let this = &mut *self;
        let mut refused = None;
        let (mut response, is_read) = loop {
            match &mut this.decision {
                Decision::Pending(handled) => {
                    this.decision = Decision::Made(ready!(handled.as_mut().poll(cx)));
                }
                Decision::Made(Handled::Publish(permit)) => {
                    let body = this.body.as_mut().expect(ANSWERED);
                    match ready!(poll_received(permit, body.as_mut(), &mut this.timer, cx)) {
                        Ok(()) => match this.publish() {
                            Some(response) => break (response, true),
                            None => continue,
                        },
                        Err(refusal) => break (refusal.map(ResponseBody::from), false),
                    }
                }
                Decision::Submitted(submitted) => {
                    let (token, posting) = &mut **submitted;
                    let publication = match Pin::new(&mut *posting).poll(cx) {
                        Poll::Ready(publication) => publication,
                        Poll::Pending => {
                            ready!(this.timer.poll_until(posting.deadline(), cx));
                            posting.handle_timeout()
                        }
                    };
                    let token = token.clone();
                    break (this.published(&token, publication), true);
                }
                Decision::Made(Handled::Listen(admission)) => {
                    if this.again.is_some() {
                        ready!(this.timer.poll_until(this.again, cx));
                    }
                    match admit(admission, &mut refused, cx) {
                        Ok(response) => break (response, false),
                        Err(Wait::For { until }) => this.again = Some(until),
                        Err(Wait::OrWoken { until }) => {
                            this.again = None;
                            ready!(this.timer.poll_until(Some(until), cx));
                        }
                    }
                }
                Decision::Made(_) | Decision::Done => break (this.respond(), false),
            }
        };
        let body = this.body.take().expect(ANSWERED);
        let line = this.line.take().expect(ANSWERED);
        line.end(refused, &mut response);
        let rest = if is_read { None } else { Rest::of(body) };
        Poll::Ready(Answer { response, rest })
    }
}

impl<B> Exchange<B> {
    /// Publishes what has come. There is no answer yet where a store has to be waited for.
    fn publish(&mut self) -> Option<Response<ResponseBody>> {
        let decision = mem::replace(&mut self.decision, Decision::Done);
        let Decision::Made(Handled::Publish(permit)) = decision else {
            return Some(not_implemented().map(ResponseBody::from));
        };
        let token = permit.token().clone();
        if self.channels.hub().config().store().is_some() {
            self.decision = Decision::Submitted(Box::new((token, permit.submit(now()))));
            return None;
        }
        Some(self.published(&token, permit.publish(now())))
    }

    fn published(&self, token: &Token, publication: Publication) -> Response<ResponseBody> {
        if let Ok(published) = publication.published {
            self.channels.deliver(token, published);
        }
        publication.response.map(ResponseBody::from)
    }

    fn respond(&mut self) -> Response<ResponseBody> {
        let response = match mem::replace(&mut self.decision, Decision::Done) {
            Decision::Made(Handled::Respond(response)) => response,
            _ => not_implemented(),
        };
        response.map(ResponseBody::from)
    }
}

const ANSWERED: &str = "a request that was answered is not polled again";

/// When it is to be asked again.
enum Wait {
    /// At this instant.
    For { until: Instant },
    /// When the waker was woken, and at this instant at the latest.
    OrWoken { until: Instant },
}

/// The answer to `admission`; if it is a refusal, `refused` says of what, whatever the answer's status.
fn admit(
    admission: &mut Admission,
    refused: &mut Option<StatusCode>,
    cx: &mut Context<'_>,
) -> Result<Response<ResponseBody>, Wait> {
    Ok(match admission.poll_response(cx, now()) {
        Admitted::Stream(response) => {
            if let Some(resume) = response.body().resume() {
                let token = response.body().token().shortened();
                let (verdict, anchor) = (resume.verdict().as_str(), resume.anchor());
                tracing::debug!(%token, verdict, %anchor, "a listener begins");
            }
            response.map(|subscriber| SseBody::new(subscriber).into())
        }
        Admitted::Head(response) => response.map(|_| ResponseBody::unseen()),
        Admitted::Refused { status, response } => {
            *refused = Some(status);
            response.map(ResponseBody::from)
        }
        Admitted::Wait { until } => return Err(Wait::For { until }),
        Admitted::Load { until } => return Err(Wait::OrWoken { until }),
        _ => not_implemented().map(ResponseBody::from),
    })
}

/// The answer where the core wants something done that is not known here.
fn not_implemented() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
    response
}

/// Feeds `body` to `permit`, to the end or to a refusal.
fn poll_received<B>(
    permit: &mut Permit,
    mut body: Pin<&mut B>,
    late: &mut LazyTimer,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Response<Bytes>>>
where
    B: Body,
    B::Error: fmt::Display,
{
    loop {
        let refusal = match body.as_mut().poll_frame(cx) {
            Poll::Ready(None) => return Poll::Ready(Ok(())),
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => feed(permit, data),
                Err(_trailers) => None,
            },
            Poll::Ready(Some(Err(error))) => {
                tracing::debug!(%error, "the body broke off");
                Some(permit.handle_abort())
            }
            Poll::Pending => {
                ready!(late.poll_until(Some(permit.deadline()), cx));
                permit.handle_timeout(now())
            }
        };
        if let Some(refusal) = refusal {
            return Poll::Ready(Err(refusal));
        }
    }
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

/// Action and channel, for the log.
fn named(gateway: &Gateway, parts: &Parts, asked: &Asked) -> Option<(String, Token)> {
    match asked {
        Asked::Channel(asked) => Some((asked.action(gateway).to_owned(), asked.token().clone())),
        _ => gateway.channel(parts),
    }
}
