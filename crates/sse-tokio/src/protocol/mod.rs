mod exchange;
mod response_body;
pub use response_body::ResponseBody;

mod rest;
pub use rest::Rest;

mod line;
mod trace;

use std::sync::Arc;

use http::Response;
use sse_core::Gateway;

use crate::Channels;

/// The protocol of a [`Gateway`], driven by tokio: what the adapters serve.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http_body_util::Empty;
/// use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat};
/// use sse_tokio::Protocol;
///
/// let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), GatewayConfig::default());
/// let protocol = Protocol::new(gateway);
/// let listen = http::Request::get("/poll/42").header("host", "localhost");
/// let listen = listen.body(Empty::<bytes::Bytes>::new())?;
/// let answer = protocol.exchange(listen).await;
/// assert_eq!(answer.response.headers()["content-type"], "text/event-stream");
///
/// let receipt = protocol.channels().publish(&"42".try_into()?, "ping", b"hi")?;
/// assert_eq!(receipt.listeners(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Protocol(Arc<Shared>);

/// Behind one pointer, because a service is cloned for each request, on any thread.
#[derive(Debug)]
struct Shared {
    gateway: Gateway,
    channels: Channels,
}

impl Protocol {
    /// The protocol of `gateway`.
    pub fn new(gateway: Gateway) -> Self {
        let channels = Channels::new(gateway.hub().clone());
        Self(Arc::new(Shared { gateway, channels }))
    }

    /// The gateway.
    pub fn gateway(&self) -> &Gateway {
        &self.0.gateway
    }

    /// The channels behind the protocol, to publish from this process.
    pub fn channels(&self) -> Channels {
        self.0.channels.clone()
    }
}

/// What becomes of a request.
#[derive(Debug)]
#[must_use = "the response is to be sent, and the rest to be drained"]
#[expect(clippy::exhaustive_structs, reason = "a driver needs both parts")]
pub struct Answer<B> {
    /// To be sent at once.
    pub response: Response<ResponseBody>,
    /// To be drained beside it.
    pub rest: Option<Rest<B>>,
}
