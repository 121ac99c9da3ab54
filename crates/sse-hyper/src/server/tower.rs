use std::{
    error::Error,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{HeaderValue, Request, Response, Version, header};
use http_body::Body;
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    filter::Guard,
    handover::{Handover, is_stream},
    listener::Peer,
    messages::Framing,
    refusal::Refusal,
    socket::Socket,
    watched::Served,
};

/// What [`Server::serve`](super::Server::serve) takes: a tower service for connections of hyper.
pub(super) trait HttpService:
    Service<
        Request<Incoming>,
        Response = Response<<Self as HttpService>::Body>,
        Error: Into<Box<dyn Error + Send + Sync>>,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static
{
    type Body: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static;
}

impl<S, B> HttpService for S
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Body = B;
}

/// A tower service as one of hyper, for one connection.
#[derive(Debug)]
pub(super) struct TowerService<S, B> {
    service: S,
    peer: Option<Peer>,
    guard: Guard,
    watched: Option<Socket>,
    framing: Option<Arc<Framing>>,
    handover: Option<Arc<Handover<B>>>,
}

impl<S, B> TowerService<S, B> {
    /// Its requests tell `peer`, if there is one, and `guard`.
    pub(super) fn new(service: S, peer: Option<Peer>, guard: Guard) -> Self {
        Self { service, peer, guard, watched: None, framing: None, handover: None }
    }

    /// Bodies of its responses end with `socket`.
    pub(super) fn with_watched(self, socket: Option<Socket>) -> Self {
        Self { watched: socket, ..self }
    }

    /// What follows each head is settled in `framing`, and a body that breaks its rules is refused.
    pub(super) fn with_framing(self, framing: Arc<Framing>) -> Self {
        Self { framing: Some(framing), ..self }
    }

    /// An event stream is left in `handover` where that can be.
    pub(super) fn with_handover(self, handover: Arc<Handover<B>>) -> Self {
        Self { handover: Some(handover), ..self }
    }
}

impl<S: Clone, B> Clone for TowerService<S, B> {
    fn clone(&self) -> Self {
        Self {
            service: self.service.clone(),
            peer: self.peer.clone(),
            guard: self.guard.clone(),
            watched: self.watched.clone(),
            framing: self.framing.clone(),
            handover: self.handover.clone(),
        }
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for TowerService<S, B>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone,
    B: Body,
{
    type Response = Response<Served<B>>;
    type Error = S::Error;
    type Future = Call<S, B>;

    fn call(&self, mut request: Request<Incoming>) -> Call<S, B> {
        if let Some(framing) = &self.framing {
            framing.settle(&request);
        }
        let handover = self.handover.as_ref().and_then(|handover| handover.claim(&request));
        let version = request.version();
        let state = match Refusal::of(&request) {
            Some(refusal) => State::Refused { refusal },
            None => {
                if let Some(peer) = &self.peer {
                    peer.tell(request.extensions_mut());
                }
                self.guard.tell(request.extensions_mut());
                State::Waiting { service: self.service.clone(), request: Some(request) }
            }
        };
        let (watched, framing) = (self.watched.clone(), self.framing.clone());
        Call { version, watched, framing, handover, state }
    }
}

pin_project! {
    /// Waits until the service is ready, then calls it.
    pub(super) struct Call<S: Service<Request<Incoming>>, B> {
        version: Version,
        watched: Option<Socket>,
        framing: Option<Arc<Framing>>,
        handover: Option<Arc<Handover<B>>>,
        #[pin]
        state: State<S>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S: Service<Request<Incoming>>> {
        Refused { refusal: Refusal },
        Waiting { service: S, request: Option<Request<Incoming>> },
        Running { #[pin] response: S::Future },
        // The connection is about to be taken from hyper, and this call with it.
        HandedOver,
    }
}

impl<S, B> Future for Call<S, B>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    B: Body,
{
    type Output = Result<Response<Served<B>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // Before the service sees the end of the body, which it would have to explain.
        if this.framing.as_ref().is_some_and(|framing| framing.is_broken()) {
            this.state.set(State::Refused { refusal: Refusal::Framing });
        }
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Running { response } => {
                    let mut response = ready!(response.poll(cx))?;
                    if ends_connection(*this.version, &response) {
                        let close = HeaderValue::from_static("close");
                        response.headers_mut().insert(header::CONNECTION, close);
                        *response.version_mut() = Version::HTTP_10;
                    }
                    match this.handover.take().filter(|_| is_stream(&response)) {
                        Some(handover) => handover.offer(response),
                        None => {
                            let watched = this.watched.take();
                            return Poll::Ready(Ok(response.map(|b| Served::new(b, watched))));
                        }
                    }
                    State::HandedOver
                }
                StateProjection::Waiting { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    let request = request.take().expect("a call leaves `Waiting` for ever");
                    State::Running { response: service.call(request) }
                }
                StateProjection::Refused { refusal } => {
                    tracing::debug!(?refusal, "a request is refused before the service");
                    return Poll::Ready(Ok(refusal.response(*this.version).map(Served::whole)));
                }
                StateProjection::HandedOver => return Poll::Pending,
            };
            this.state.set(next);
        }
    }
}

/// Whether only the end of the connection tells the end of `response`. hyper ends it, but says the
/// opposite to a client that asks to keep it, unless the response has a version that keeps none.
fn ends_connection(version: Version, response: &Response<impl Body>) -> bool {
    version <= Version::HTTP_10
        && response.body().size_hint().exact().is_none()
        && !response.headers().contains_key(header::CONTENT_LENGTH)
}
