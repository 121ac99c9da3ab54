use std::sync::{Arc, LazyLock};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};

use crate::Outcome;

/// The name that the certificate is for.
pub(crate) const NAME: &str = "events.example";

/// The certificate of every proxy of this run, and its key, as a PEM file has them.
pub(crate) fn pem() -> &'static str {
    &IDENTITY.pem
}

/// Agrees with a proxy on TLS and on HTTP/2.
pub(crate) async fn connect(tcp: TcpStream) -> Outcome<TlsStream<TcpStream>> {
    let name = ServerName::try_from(NAME)?;
    let stream = TlsConnector::from(Arc::clone(&IDENTITY.client)).connect(name, tcp).await?;
    match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Ok(stream),
        _ => Err("the proxy does not speak HTTP/2 over TLS".into()),
    }
}

struct Identity {
    pem: String,
    client: Arc<ClientConfig>,
}

static IDENTITY: LazyLock<Identity> = LazyLock::new(|| {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([NAME.to_owned()]).expect("the name is a DNS name");
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).expect("a certificate that was just made can be read");
    let mut client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec()];
    Identity { pem: cert.pem() + &signing_key.serialize_pem(), client: Arc::new(client) }
});
