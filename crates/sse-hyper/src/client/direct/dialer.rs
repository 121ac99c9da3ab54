use http::{HeaderValue, Uri, uri::Scheme};
use hyper_util::{
    client::{
        legacy::connect::proxy::{SocksV4, SocksV5, Tunnel},
        proxy::matcher::{Intercept, Matcher},
    },
    rt::TokioIo,
};
use tower_service::Service;

#[cfg(feature = "tls")]
use super::tls::Tls;
use super::{
    HttpVersion,
    connector::{BoxConnection, Connector, DialError, boxed},
};
use crate::client::plain::{Plain, PlainPeer};
#[cfg(feature = "tls")]
use crate::client::{TlsMismatch, tls_mismatch::ProxyMismatch};

/// Finds the way to the server of an address: straight or by a proxy, under TLS or not.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) connector: Connector,
    pub(crate) proxies: Option<Matcher>,
    pub(crate) version: HttpVersion,
    #[cfg(feature = "tls")]
    pub(crate) tls: Tls,
}

/// A connection that requests can be sent on.
pub(super) struct Way {
    pub(super) io: BoxConnection,
    pub(super) is_http2: bool,
    /// Who is spoken to without TLS.
    pub(super) plain: Option<PlainPeer>,
    /// Requests are read by a proxy, which wants to know the whole address.
    pub(super) is_forwarded: bool,
    pub(super) proxy_authorization: Option<HeaderValue>,
}

impl Way {
    /// One to the server itself.
    fn straight(io: BoxConnection, is_http2: bool, plain: Option<PlainPeer>) -> Self {
        Self { io, is_http2, plain, is_forwarded: false, proxy_authorization: None }
    }
}

impl Dialer {
    pub(super) async fn dial(&self, uri: &Uri) -> Result<Way, DialError> {
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
        let intercept = self.proxies.as_ref().and_then(|proxies| proxies.intercept(uri));
        let Some(proxy) = intercept else {
            return self.secured(self.connector.connect(uri.clone()).await?, uri).await;
        };
        match proxy.uri().scheme_str() {
            Some("socks5" | "socks5h" | "socks4" | "socks4a") => {
                self.secured(self.by_socks(&proxy, uri).await?, uri).await
            }
            _ if is_https => self.secured(self.by_tunnel(&proxy, uri).await?, uri).await,
            _ => Ok(Way {
                io: self.reach(proxy.uri()).await?,
                is_http2: false,
                plain: is_plain(proxy.uri()).then_some(PlainPeer::Proxy),
                is_forwarded: true,
                proxy_authorization: proxy.basic_auth().cloned(),
            }),
        }
    }

    async fn by_socks(&self, proxy: &Intercept, uri: &Uri) -> Result<BoxConnection, DialError> {
        let default = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
        let (uri, address) = (with_port(uri, default)?, with_port(proxy.uri(), SOCKS)?);
        // Their errors would not say why the proxy cannot be reached.
        let once = Once(Some(self.connector.connect(address.clone()).await?));
        match proxy.uri().scheme_str() {
            Some(scheme @ ("socks4" | "socks4a")) => {
                let mut socks = SocksV4::new(address, once).local_dns(scheme == "socks4");
                Ok(socks.call(uri).await?)
            }
            scheme => {
                let socks = SocksV5::new(address, once).local_dns(scheme == Some("socks5"));
                let mut socks = match proxy.raw_auth() {
                    Some((user, password)) => socks.with_auth(user.to_owned(), password.to_owned()),
                    None => socks,
                };
                Ok(socks.call(uri).await?)
            }
        }
    }

    async fn by_tunnel(&self, proxy: &Intercept, uri: &Uri) -> Result<BoxConnection, DialError> {
        let io = self.reach(proxy.uri()).await?;
        let io = match is_plain(proxy.uri()) {
            true => boxed(TokioIo::new(Plain::new(io, Some(PlainPeer::Tunnel)))),
            false => io,
        };
        let once = Once(Some(io));
        let tunnel = Tunnel::new(proxy.uri().clone(), once);
        let mut tunnel = match proxy.basic_auth() {
            Some(value) => tunnel.with_auth(value.clone()),
            None => tunnel,
        };
        Ok(tunnel.call(uri.clone()).await?)
    }

    /// A connection to the proxy itself.
    async fn reach(&self, proxy: &Uri) -> Result<BoxConnection, DialError> {
        let io = self.connector.connect(proxy.clone()).await?;
        #[cfg(feature = "tls")]
        if proxy.scheme() == Some(&Scheme::HTTPS) {
            let secured = self.tls.handshake(io, proxy, HttpVersion::Http1).await;
            return secured.map(|(io, _)| io).map_err(|error| match TlsMismatch::behind(&*error) {
                Some(_) => ProxyMismatch::NotSpoken.into(),
                None => error,
            });
        }
        Ok(io)
    }

    async fn secured(&self, io: BoxConnection, uri: &Uri) -> Result<Way, DialError> {
        #[cfg(feature = "tls")]
        if uri.scheme() == Some(&Scheme::HTTPS) {
            let (io, is_http2) = self.tls.handshake(io, uri, self.version).await?;
            return Ok(Way::straight(io, is_http2, None));
        }
        if is_plain(uri) {
            let is_http2 = self.version == HttpVersion::Http2;
            return Ok(Way::straight(io, is_http2, Some(PlainPeer::Server)));
        }
        Err(format!("{uri} cannot be reached: there is no TLS in this build").into())
    }
}

fn is_plain(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTP)
}

/// `uri` with its port.
fn with_port(uri: &Uri, default: u16) -> Result<Uri, http::Error> {
    let port = uri.port_u16().unwrap_or(default);
    let mut parts = uri.clone().into_parts();
    let host = uri.host().unwrap_or_default();
    parts.authority = Some(format!("{host}:{port}").parse()?);
    Ok(Uri::from_parts(parts)?)
}

/// Hands out the one connection it has.
struct Once(Option<BoxConnection>);

impl Service<Uri> for Once {
    type Response = BoxConnection;
    type Error = DialError;
    type Future = std::future::Ready<Result<BoxConnection, DialError>>;

    fn poll_ready(
        &mut self,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), DialError>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _uri: Uri) -> Self::Future {
        std::future::ready(self.0.take().ok_or_else(|| "the tunnel was used before".into()))
    }
}

/// The port of a SOCKS proxy that names none (RFC 1928, section 3).
const SOCKS: u16 = 1080;
