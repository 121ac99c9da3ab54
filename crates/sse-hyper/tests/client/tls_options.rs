//! What TLS says of the client, and which HTTP follows.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use sse_hyper::{ClientTls, ClientTlsError, EventSource, HttpVersion};
use tokio::io::{DuplexStream, duplex};
use tokio_rustls::TlsAcceptor;

use crate::support::{config, some};

#[tokio::test]
async fn server_that_asks_for_a_certificate_gets_it() {
    let (server, client) = (Identity::new("a.example"), Identity::new("client"));
    let mut roots = RootCertStore::empty();
    roots.add(client.certificate()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let acceptor = server.acceptor(Some(verifier), &[]);
    let trusting = ClientTls::new().with_root_pem(server.certificate.as_bytes()).unwrap();
    let known = trusting.clone();
    let known = known.with_identity_pem(client.certificate.as_bytes(), client.key.as_bytes());

    let with = some(&mut source(&acceptor, known.unwrap(), HttpVersion::Any), 2).await;
    let without = some(&mut source(&acceptor, trusting, HttpVersion::Any), 1).await;

    assert_eq!(with, ["open", "HTTP/1.1"]);
    let words = "again: the connection failed: the server refused TLS: certificate required";
    assert_eq!(without, [words]);
}

#[tokio::test]
async fn http_is_the_one_that_both_speak() {
    let server = Identity::new("a.example");
    let tls = ClientTls::new().with_root_pem(server.certificate.as_bytes()).unwrap();
    for (offered, wanted, expected) in [
        (&["h2", "http/1.1"][..], HttpVersion::Any, "HTTP/2.0"),
        (&["http/1.1"], HttpVersion::Any, "HTTP/1.1"),
        (&[], HttpVersion::Any, "HTTP/1.1"),
        (&["h2", "http/1.1"], HttpVersion::Http1, "HTTP/1.1"),
        (&["h2"], HttpVersion::Http2, "HTTP/2.0"),
    ] {
        let acceptor = server.acceptor(None, offered);

        let seen = some(&mut source(&acceptor, tls.clone(), wanted), 2).await;

        assert_eq!(seen, ["open", expected], "{offered:?} {wanted:?}");
    }
}

#[test]
fn identity_without_a_certificate_or_a_key_is_refused() {
    let identity = Identity::new("client");
    let (certificate, key) = (identity.certificate.as_bytes(), identity.key.as_bytes());

    let none = ClientTls::new().with_identity_pem(key, key).unwrap_err();
    let keyless = ClientTls::new().with_identity_pem(certificate, certificate).unwrap_err();

    assert!(matches!(none, ClientTlsError::NoCertificate), "{none}");
    assert!(matches!(keyless, ClientTlsError::Pem(_)), "{keyless}");
}

fn source(acceptor: &TlsAcceptor, tls: ClientTls, version: HttpVersion) -> EventSource {
    let acceptor = acceptor.clone();
    EventSource::builder("https://a.example/".parse().unwrap())
        .with_config(config())
        .with_tls(tls)
        .with_http_version(version)
        .with_connector(move |_uri| {
            let (client, server) = duplex(64 << 10);
            tokio::spawn(serve(acceptor.clone(), server));
            std::future::ready(Ok(client))
        })
        .build()
        .unwrap()
}

/// Tells each client which HTTP it speaks.
async fn serve(acceptor: TlsAcceptor, stream: DuplexStream) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let service = service_fn(async |request: Request<Incoming>| {
        let event = format!("data: {:?}\n\n", request.version());
        let response = Response::builder().header("content-type", "text/event-stream");
        Ok::<_, Infallible>(response.body(Full::<Bytes>::from(event)).unwrap())
    });
    let io = TokioIo::new(stream);
    let _closed = match is_http2 {
        true => {
            hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(io, service)
                .await
        }
        false => hyper::server::conn::http1::Builder::new().serve_connection(io, service).await,
    };
}

pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Identity {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        Self { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
    }

    /// What asks for a certificate, and takes that of `client` or none.
    pub(crate) fn asking_acceptor(&self, client: &Self) -> TlsAcceptor {
        let mut roots = RootCertStore::empty();
        roots.add(client.certificate()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        self.acceptor(Some(verifier.allow_unauthenticated().build().unwrap()), &[])
    }

    fn certificate(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }

    fn acceptor(
        &self,
        verifier: Option<Arc<dyn ClientCertVerifier>>,
        offered: &[&str],
    ) -> TlsAcceptor {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match verifier {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let mut config = builder.with_single_cert(vec![self.certificate()], key).unwrap();
        config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}
