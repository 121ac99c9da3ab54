use std::{error::Error, fmt, future::Future, io, pin::Pin, sync::Arc};

use http::Uri;
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tower_service::Service;

use super::dialer::default_port;
use crate::client::tcp::tcp;

/// What bytes go through.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

pub(crate) type BoxConnection = TokioIo<Box<dyn Connection>>;

pub(crate) type DialError = Box<dyn Error + Send + Sync>;

/// How the host of an address is reached.
#[derive(Clone)]
pub(crate) enum Connector {
    Tcp(HttpConnector),
    Custom(Arc<ConnectFn>),
}

pub(crate) type ConnectFn = dyn Fn(Uri) -> Connecting + Send + Sync;
pub(crate) type Connecting = Pin<Box<dyn Future<Output = Result<BoxConnection, DialError>> + Send>>;

impl Connector {
    pub(crate) fn custom<F, Fut, C>(connect: F) -> Self
    where
        F: Fn(Uri) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<C>> + Send + 'static,
        C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Self::Custom(Arc::new(move |uri| {
            let connecting = connect(uri);
            Box::pin(async move { Ok(boxed(connecting.await?)) })
        }))
    }

    pub(super) fn connect(&self, uri: Uri) -> Connecting {
        match self {
            Self::Tcp(tcp) => {
                let connecting = tcp.clone().call(uri.clone());
                Box::pin(async move {
                    let io = connecting
                        .await
                        .map_err(|source| Unreached { uri, source: source.into() })?;
                    Ok(boxed(io.into_inner()))
                })
            }
            Self::Custom(connect) => connect(uri),
        }
    }
}

/// Which of a server and its proxies cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error("no connection to {}:{}", uri.host().unwrap_or_default(), uri.port_u16().unwrap_or_else(|| default_port(uri)))]
struct Unreached {
    uri: Uri,
    source: DialError,
}

impl Default for Connector {
    fn default() -> Self {
        let mut tcp = tcp();
        // Addresses of proxies and of servers under TLS have other schemes.
        tcp.enforce_http(false);
        Self::Tcp(tcp)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp(_) => "Tcp",
            Self::Custom(_) => "Custom",
        })
    }
}

pub(super) fn boxed(connection: impl Connection + 'static) -> BoxConnection {
    TokioIo::new(Box::new(connection))
}
