use std::sync::{Arc, OnceLock};

use http::{Uri, uri::Scheme};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    HttpVersion,
    connector::{BoxConnection, Connection, DialError, boxed},
    dialer::default_port,
};
use crate::client::{ClientTls, ClientTlsError};

/// TLS, whose roots are read when the first connection needs them.
#[derive(Debug)]
pub(crate) struct Tls {
    settings: ClientTls,
    /// Whom the settings are for.
    origin: Origin,
    own: OnceLock<ClientConfig>,
    /// For whom the origin redirects to.
    elsewhere: OnceLock<ClientConfig>,
    proxy: OnceLock<ClientConfig>,
}

impl Tls {
    /// `settings` for the origin of `uri`.
    pub(crate) fn new(settings: ClientTls, uri: &Uri) -> Self {
        Self {
            settings,
            origin: Origin::of(uri),
            own: OnceLock::new(),
            elsewhere: OnceLock::new(),
            proxy: OnceLock::new(),
        }
    }

    /// The configuration for the origin, which is made once.
    pub(crate) fn config(&self) -> Result<&ClientConfig, ClientTlsError> {
        made_once(&self.own, || self.settings.clone())
    }

    /// Speaks TLS with the server of `uri`; says whether HTTP/2 follows.
    pub(super) async fn handshake(
        &self,
        io: BoxConnection,
        uri: &Uri,
        version: HttpVersion,
    ) -> Result<(BoxConnection, bool), DialError> {
        let config = match Origin::of(uri) == self.origin {
            true => self.config()?,
            false => made_once(&self.elsewhere, || self.settings.elsewhere())?,
        };
        let mut config = config.clone();
        config.alpn_protocols = match version {
            HttpVersion::Any => vec![HTTP2.to_vec(), b"http/1.1".to_vec()],
            HttpVersion::Http1 => Vec::new(),
            HttpVersion::Http2 => vec![HTTP2.to_vec()],
        };
        let stream = handshake(config, io, uri).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
        Ok((boxed(stream), is_http2))
    }

    /// Speaks TLS with a proxy.
    pub(super) async fn handshake_with_proxy(
        &self,
        io: BoxConnection,
        proxy: &Uri,
    ) -> Result<BoxConnection, DialError> {
        let config = made_once(&self.proxy, || self.settings.without_identity())?;
        Ok(boxed(handshake(config.clone(), io, proxy).await?))
    }
}

async fn handshake(
    config: ClientConfig,
    io: BoxConnection,
    uri: &Uri,
) -> Result<TlsStream<Box<dyn Connection>>, DialError> {
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned())?;
    Ok(TlsConnector::from(Arc::new(config)).connect(name, io.into_inner()).await?)
}

fn made_once(
    made: &OnceLock<ClientConfig>,
    settings: impl FnOnce() -> ClientTls,
) -> Result<&ClientConfig, ClientTlsError> {
    if let Some(config) = made.get() {
        return Ok(config);
    }
    let config = settings().config()?;
    Ok(made.get_or_init(|| config))
}

/// # Source
///
/// HTML Standard, [Origin](https://html.spec.whatwg.org/multipage/browsers.html#origin): a scheme, a host
/// and a port.
#[derive(Debug, Eq, PartialEq)]
struct Origin {
    is_https: bool,
    host: String,
    port: u16,
}

impl Origin {
    fn of(uri: &Uri) -> Self {
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let port = uri.port_u16().unwrap_or_else(|| default_port(uri));
        Self { is_https, host, port }
    }
}

const HTTP2: &[u8] = b"h2";
