use std::sync::{Arc, OnceLock};

use http::Uri;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::{
    HttpVersion,
    connector::{BoxConnection, DialError, boxed},
};
use crate::client::{ClientTls, ClientTlsError};

/// TLS, whose roots are read when the first connection needs them.
#[derive(Debug)]
pub(crate) struct Tls {
    settings: ClientTls,
    config: OnceLock<ClientConfig>,
}

impl Tls {
    pub(crate) fn new(settings: ClientTls) -> Self {
        Self { settings, config: OnceLock::new() }
    }

    /// The configuration, which is made once.
    pub(crate) fn config(&self) -> Result<&ClientConfig, ClientTlsError> {
        if let Some(config) = self.config.get() {
            return Ok(config);
        }
        let config = self.settings.config()?;
        Ok(self.config.get_or_init(|| config))
    }

    /// Speaks TLS with the server of `uri`; says whether HTTP/2 follows.
    pub(super) async fn handshake(
        &self,
        io: BoxConnection,
        uri: &Uri,
        version: HttpVersion,
    ) -> Result<(BoxConnection, bool), DialError> {
        let mut config = self.config()?.clone();
        config.alpn_protocols = match version {
            HttpVersion::Any => vec![HTTP2.to_vec(), b"http/1.1".to_vec()],
            HttpVersion::Http1 => Vec::new(),
            HttpVersion::Http2 => vec![HTTP2.to_vec()],
        };
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned())?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, io.into_inner()).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
        Ok((boxed(stream), is_http2))
    }
}

const HTTP2: &[u8] = b"h2";
