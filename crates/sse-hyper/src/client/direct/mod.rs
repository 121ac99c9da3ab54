mod body;
mod connector;
mod dialer;
mod handshake;
mod proxies;
mod socks;
mod tasks;
#[cfg(feature = "tls")]
mod tls;
mod tunnel;
mod version;

pub(super) use connector::{BoxConnection, Connector, DialError};
pub(super) use dialer::Dialer;
pub use proxies::{Proxies, ProxyError};
#[cfg(feature = "tls")]
pub(super) use tls::Tls;
pub use version::HttpVersion;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, Uri, Version, header};
use http_body::Body;
use http_body_util::Full;
use tokio::time::timeout;

use super::{
    Transport, TransportBody, TransportError, TransportFuture,
    limits::TooLong,
    plain::{HeadRead, Plain},
    refusal::Forwarded,
};
use body::DrivenBody;
use dialer::default_port;
use handshake::handshake;

/// hyper on a connection for each request, which ends with the answer.
#[derive(Clone, Debug)]
pub(super) struct Direct {
    dialer: Arc<Dialer>,
    connect_timeout: Option<Duration>,
}

impl Direct {
    pub(super) fn new(dialer: Dialer, connect_timeout: Option<Duration>) -> Self {
        Self { dialer: Arc::new(dialer), connect_timeout }
    }

    async fn exchange(
        self,
        request: Request<Bytes>,
    ) -> Result<Response<TransportBody>, TransportError> {
        let way = self.dial(request.uri()).await?;
        let head = HeadRead::default();
        let io = Plain::new(way.io, way.plain);
        let io = if way.is_http2 { io } else { io.with_head(head.clone()) };
        let (mut sender, mut driver) =
            handshake(io, way.is_http2).await.map_err(TransportError::unsent)?;
        let authorization = self.dialer.forwarding_authorization(request.uri());
        let mut request = request.map(Full::new);
        if way.is_http2 {
            *request.version_mut() = Version::HTTP_2;
        } else {
            fit_to_http1(&mut request, way.is_forwarded);
        }
        if let Some(value) = authorization {
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, value);
        }
        let response = driver.run(sender.send(request)).await;
        let mut response = response.map_err(|error| match TooLong::behind(&error) {
            Some(too_long) => TransportError::unanswered(too_long),
            None => TransportError::unanswered(error),
        })?;
        head.set();
        if way.is_forwarded {
            response.extensions_mut().insert(Forwarded);
        }
        Ok(response.map(|body| TransportBody::new(DrivenBody::new(body, driver))))
    }

    async fn dial(&self, uri: &Uri) -> Result<dialer::Way, TransportError> {
        let dialing = self.dialer.dial(uri);
        let Some(limit) = self.connect_timeout else {
            return dialing.await.map_err(TransportError::unsent);
        };
        match timeout(limit, dialing).await {
            Ok(way) => way.map_err(TransportError::unsent),
            Err(_) => Err(TransportError::unsent(NoConnection { limit })),
        }
    }
}

impl Transport for Direct {
    fn send(&mut self, request: Request<Bytes>) -> TransportFuture {
        Box::pin(self.clone().exchange(request))
    }

    fn has_tasks(&self) -> bool {
        self.dialer.version != HttpVersion::Http1
    }
}

/// Names the host in a header, and asks a server, but not a proxy, for the path alone.
///
/// # Source
///
/// RFC 9112, sections 3.2.1 and 3.2.2.
fn fit_to_http1(request: &mut Request<Full<Bytes>>, is_forwarded: bool) {
    let uri = request.uri().clone();
    let host = uri.host().unwrap_or_default();
    let host = match uri.port_u16() {
        Some(port) if port != default_port(&uri) => format!("{host}:{port}"),
        _ => host.to_owned(),
    };
    let host = HeaderValue::try_from(host).expect("what a host is made of fits in a header");
    request.headers_mut().entry(header::HOST).or_insert(host);
    // hyper names no length for an empty body, and some servers want one with every POST.
    if request.method() == Method::POST && request.body().is_end_stream() {
        request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    }
    if !is_forwarded {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse().expect("the path of an address is one");
    }
}

/// There was no connection in time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no connection within {limit:?}")]
struct NoConnection {
    limit: Duration,
}
