use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    handover::{Handover, is_stream},
    tcp::Tcp,
    watched::Watched,
};

/// The address of the client, which [`Server`](crate::Server) puts into the extensions of each
/// request, unless [told not to](crate::Server::with_remote_addr).
///
/// ```
/// use std::convert::Infallible;
///
/// use http::{Request, Response};
/// use sse_hyper::RemoteAddr;
///
/// async fn who_am_i<B>(request: Request<B>) -> Result<Response<String>, Infallible> {
///     let remote = request.extensions().get::<RemoteAddr>().map(RemoteAddr::addr);
///     Ok(Response::new(remote.map_or_else(String::new, |addr| addr.to_string())))
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct RemoteAddr(SocketAddr);

impl RemoteAddr {
    /// The address as the socket knows it: behind a proxy, that of the proxy.
    pub fn addr(&self) -> SocketAddr {
        self.0
    }
}

/// A tower service as one of hyper, for one connection.
#[derive(Debug)]
pub(super) struct TowerService<S, B> {
    service: S,
    remote: Option<RemoteAddr>,
    watched: Option<Tcp>,
    handover: Option<Arc<Handover<B>>>,
}

impl<S, B> TowerService<S, B> {
    /// Its requests tell `remote`, if there is one.
    pub(super) fn new(service: S, remote: Option<SocketAddr>) -> Self {
        Self { service, remote: remote.map(RemoteAddr), watched: None, handover: None }
    }

    /// Bodies of its responses end with `tcp`.
    pub(super) fn with_watched(mut self, tcp: Tcp) -> Self {
        self.watched = Some(tcp);
        self
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
            remote: self.remote,
            watched: self.watched.clone(),
            handover: self.handover.clone(),
        }
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for TowerService<S, B>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone,
    B: Body,
{
    type Response = Response<Watched<B>>;
    type Error = S::Error;
    type Future = Call<S, B>;

    fn call(&self, mut request: Request<Incoming>) -> Call<S, B> {
        if let Some(remote) = self.remote {
            request.extensions_mut().insert(remote);
        }
        let handover = self.handover.as_ref().and_then(|handover| handover.claim(&request));
        let (service, watched) = (self.service.clone(), self.watched.clone());
        Call { watched, handover, state: State::Waiting { service, request: Some(request) } }
    }
}

pin_project! {
    /// Waits until the service is ready, then calls it.
    pub(super) struct Call<S: Service<Request<Incoming>>, B> {
        watched: Option<Tcp>,
        handover: Option<Arc<Handover<B>>>,
        #[pin]
        state: State<S>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S: Service<Request<Incoming>>> {
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
    type Output = Result<Response<Watched<B>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Running { response } => {
                    let response = ready!(response.poll(cx))?;
                    match this.handover.take().filter(|_| is_stream(&response)) {
                        Some(handover) => handover.offer(response),
                        None => {
                            let watched = this.watched.take();
                            return Poll::Ready(Ok(response.map(|b| Watched::new(b, watched))));
                        }
                    }
                    State::HandedOver
                }
                StateProjection::Waiting { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    let request = request.take().expect("a call leaves `Waiting` for ever");
                    State::Running { response: service.call(request) }
                }
                StateProjection::HandedOver => return Poll::Pending,
            };
            this.state.set(next);
        }
    }
}
