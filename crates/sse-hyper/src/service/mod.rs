mod drain;
mod exchange;
mod response_body;
pub use response_body::ResponseBody;

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use sse_core::Gateway;
use tower_service::Service;

use crate::Channels;

/// The protocol of a [`Gateway`] as a service for hyper, or any other user of `tower`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http_body_util::Empty;
/// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
/// use sse_hyper::EventService;
/// use tower_service::Service;
///
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
/// let mut service = EventService::new(gateway);
/// let listen = http::Request::get("/poll/42").body(Empty::<bytes::Bytes>::new())?;
/// let response = service.call(listen).await?;
/// assert_eq!(response.headers()["content-type"], "text/event-stream");
///
/// let receipt = service.channels().publish(&"42".try_into()?, "ping", b"hi")?;
/// assert_eq!(receipt.listeners(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EventService(Arc<Shared>);

/// Behind one pointer, because a service is cloned for each request, on any thread.
#[derive(Debug)]
struct Shared {
    gateway: Gateway,
    channels: Channels,
}

impl EventService {
    /// The service of `gateway`.
    pub fn new(gateway: Gateway) -> Self {
        let channels = Channels::new(gateway.hub().clone());
        Self(Arc::new(Shared { gateway, channels }))
    }

    /// The channels behind the service, to publish from this process.
    pub fn channels(&self) -> Channels {
        self.0.channels.clone()
    }
}

impl<B> Service<Request<B>> for EventService
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: fmt::Display + Send,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.exchange(request).await) })
    }
}
