use http::{HeaderMap, HeaderValue, Uri, header, uri::Scheme};
use hyper_util::rt::TokioIo;

#[cfg(feature = "tls")]
use super::tls::Tls;
use super::{
    HttpVersion,
    connector::{BoxConnection, Connector, DialError},
    proxies::{Proxy, ProxyKind, ProxyRules},
    socks::Target,
    tunnel::tunnel,
};
use crate::client::plain::{HeadRead, Plain, PlainPeer};
#[cfg(feature = "tls")]
use crate::client::{
    CertificateProblem, TlsMismatch, certificate_problem::ProxyCertificate,
    tls_mismatch::ProxyMismatch,
};

/// Finds the way to the server of an address: straight or by a proxy, under TLS or not.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) connector: Connector,
    pub(crate) proxies: ProxyRules,
    pub(crate) version: HttpVersion,
    /// The `User-Agent` of the request for a tunnel.
    pub(crate) user_agent: Option<HeaderValue>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Tls,
}

/// A connection that requests can be sent on.
pub(crate) struct Way {
    pub(crate) io: BoxConnection,
    pub(crate) is_http2: bool,
    /// Who is spoken to without TLS.
    pub(crate) plain: Option<PlainPeer>,
    /// Requests are read by a proxy, which wants to know the whole address.
    pub(crate) is_forwarded: bool,
}

impl Way {
    /// One to the server itself.
    fn straight(io: BoxConnection, is_http2: bool, plain: Option<PlainPeer>) -> Self {
        Self { io, is_http2, plain, is_forwarded: false }
    }
}

impl Dialer {
    pub(crate) async fn dial(&self, uri: &Uri) -> Result<Way, DialError> {
        let Some(proxy) = self.proxies.proxy(uri)? else {
            return self.secured(self.connector.connect(uri.clone()).await?, uri).await;
        };
        match proxy.kind() {
            ProxyKind::Socks4 { .. } | ProxyKind::Socks5 { .. } => {
                self.secured(self.by_socks(proxy, uri).await?, uri).await
            }
            _ if !is_plain(uri) => self.secured(self.by_tunnel(proxy, uri).await?, uri).await,
            _ => Ok(Way {
                io: self.reach(proxy).await?,
                is_http2: false,
                plain: is_plain(proxy.uri()).then_some(PlainPeer::Proxy),
                is_forwarded: true,
            }),
        }
    }

    /// What requests to `uri` say to a proxy that sends them on.
    pub(crate) fn forwarding_authorization(&self, uri: &Uri) -> Option<HeaderValue> {
        let proxy = self.proxies.proxy(uri).ok().flatten()?;
        let is_read = matches!(proxy.kind(), ProxyKind::Http | ProxyKind::Https) && is_plain(uri);
        is_read.then(|| proxy.authorization()).flatten()
    }

    async fn by_socks(&self, proxy: &Proxy, uri: &Uri) -> Result<BoxConnection, DialError> {
        let mut io = self.connector.connect(proxy.uri().clone()).await?.into_inner();
        let target = Target::of(uri, proxy).await?;
        target.reach(&mut *io, proxy.user()).await?;
        Ok(TokioIo::new(io))
    }

    async fn by_tunnel(&self, proxy: &Proxy, uri: &Uri) -> Result<BoxConnection, DialError> {
        let io = self.reach(proxy).await?;
        let user_agent = self.user_agent.clone().map(|value| (header::USER_AGENT, value));
        let authorization = proxy.authorization().map(|value| (header::PROXY_AUTHORIZATION, value));
        let headers = HeaderMap::from_iter(user_agent.into_iter().chain(authorization));
        let peer = is_plain(proxy.uri()).then_some(PlainPeer::Tunnel);
        let head = HeadRead::default();
        let io = tunnel(Plain::new(io, peer).with_head(head.clone()), uri, headers).await;
        head.set();
        io
    }

    /// A connection to the proxy itself.
    async fn reach(&self, proxy: &Proxy) -> Result<BoxConnection, DialError> {
        let io = self.connector.connect(proxy.uri().clone()).await?;
        #[cfg(feature = "tls")]
        if proxy.kind() == ProxyKind::Https {
            let secured = self.tls.handshake_with_proxy(io, proxy.uri()).await;
            return secured.map_err(of_proxy);
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

/// Says of a proxy what `error` would say of a server.
#[cfg(feature = "tls")]
fn of_proxy(error: DialError) -> DialError {
    if TlsMismatch::behind(&*error).is_some() {
        return ProxyMismatch::NotSpoken.into();
    }
    match CertificateProblem::behind(&*error) {
        Some(problem) => ProxyCertificate(problem).into(),
        None => error,
    }
}

fn is_plain(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTP)
}

/// The port of a server that names none.
pub(super) fn default_port(uri: &Uri) -> u16 {
    if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 }
}
