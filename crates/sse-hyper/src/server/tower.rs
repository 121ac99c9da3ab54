use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{tcp::Tcp, watched::Watched};

/// The address of the client, which [`Server`](crate::Server) puts into the extensions of each
/// request.
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
pub(super) struct TowerService<S> {
    service: S,
    remote: RemoteAddr,
    watched: Option<Tcp>,
}

impl<S> TowerService<S> {
    /// Bodies of its responses end with `watched`, if there is something to watch.
    pub(super) fn new(service: S, remote: SocketAddr, watched: Option<Tcp>) -> Self {
        Self { service, remote: RemoteAddr(remote), watched }
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for TowerService<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone,
{
    type Response = Response<Watched<B>>;
    type Error = S::Error;
    type Future = Call<S>;

    fn call(&self, mut request: Request<Incoming>) -> Call<S> {
        request.extensions_mut().insert(self.remote);
        let (service, watched) = (self.service.clone(), self.watched.clone());
        Call { watched, state: State::Waiting { service, request: Some(request) } }
    }
}

pin_project! {
    /// Waits until the service is ready, then calls it.
    pub(super) struct Call<S: Service<Request<Incoming>>> {
        watched: Option<Tcp>,
        #[pin]
        state: State<S>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S: Service<Request<Incoming>>> {
        Waiting { service: S, request: Option<Request<Incoming>> },
        Running { #[pin] response: S::Future },
    }
}

impl<S, B> Future for Call<S>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
{
    type Output = Result<Response<Watched<B>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let response = match this.state.as_mut().project() {
                StateProjection::Running { response } => {
                    let response = ready!(response.poll(cx))?;
                    return Poll::Ready(Ok(response.map(|b| Watched::new(b, this.watched.take()))));
                }
                StateProjection::Waiting { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    service.call(request.take().expect("a call leaves `Waiting` for ever"))
                }
            };
            this.state.set(State::Running { response });
        }
    }
}
