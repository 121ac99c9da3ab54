//! TLS: identities, ALPN, and clients that do not speak it.

use std::{sync::Arc, time::Duration};

use rcgen::CertifiedKey;
use rustls::{
    ClientConfig, HandshakeKind, RootCertStore, ServerConfig, crypto::ring, pki_types::ServerName,
};
use sse_hyper::{ServerTls, TlsError};
use sse_testkit::Log;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tracing::Level;

use super::support::{TestServer, hello, http2, http2_get, read_to_close, text, within};

/// A self-signed certificate for `localhost`, and clients that trust it.
pub(crate) struct Identity(CertifiedKey<rcgen::KeyPair>);

impl Identity {
    pub(crate) fn new() -> Self {
        Self(rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap())
    }

    pub(crate) fn tls(&self) -> ServerTls {
        ServerTls::from_pem(self.certificate().as_bytes(), self.key().as_bytes()).unwrap()
    }

    pub(crate) async fn connect(&self, server: &TestServer, alpn: &[&str]) -> TlsStream<TcpStream> {
        self.speak(server.connect().await, alpn).await
    }

    /// TLS on `io`, with a server of this identity at the other end.
    pub(crate) async fn speak<T>(&self, io: T, alpn: &[&str]) -> TlsStream<T>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        within(self.handshake(io, alpn)).await.unwrap()
    }

    async fn handshake<T>(&self, io: T, alpn: &[&str]) -> std::io::Result<TlsStream<T>>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let mut config = trusting(&[self]);
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, io).await
    }

    fn certificate(&self) -> String {
        self.0.cert.pem()
    }

    fn key(&self) -> String {
        self.0.signing_key.serialize_pem()
    }
}

/// A client that trusts these.
fn trusting(identities: &[&Identity]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for identity in identities {
        roots.add(identity.0.cert.der().clone()).unwrap();
    }
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[tokio::test]
async fn http1_is_served_with_and_without_alpn() {
    let identity = Identity::new();
    let server = TestServer::start(|server| server.with_tls(identity.tls())).await;
    for alpn in [&[][..], &["http/1.1"]] {
        let mut stream = identity.connect(&server, alpn).await;

        hello(&mut stream).await;
        hello(&mut stream).await;

        let agreed = stream.get_ref().1.alpn_protocol();
        assert_eq!(agreed, alpn.first().map(|name| name.as_bytes()));
    }
}

#[tokio::test]
async fn http2_is_preferred() {
    let identity = Identity::new();
    let server = TestServer::start(|server| server.with_tls(identity.tls())).await;
    let stream = identity.connect(&server, &["http/1.1", "h2"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));

    let (mut client, _connection) = http2(stream).await;

    assert_eq!(text(http2_get(&mut client, "/").await).await, "hello");
}

#[tokio::test]
async fn a_new_certificate_is_for_new_handshakes_and_connections_go_on() {
    let (old, new) = (Identity::new(), Identity::new());
    let tls = old.tls();
    let server = TestServer::start(|server| server.with_tls(tls.clone())).await;
    let mut earlier = old.connect(&server, &[]).await;
    hello(&mut earlier).await;

    tls.replace(new.tls());

    hello(&mut new.connect(&server, &[]).await).await;
    assert!(within(old.handshake(server.connect().await, &[])).await.is_err());
    hello(&mut earlier).await;
    tls.replace(old.tls());
    hello(&mut old.connect(&server, &[]).await).await;
}

#[tokio::test]
async fn a_client_that_resumes_sessions_verifies_the_new_certificate() {
    let (old, new) = (Identity::new(), Identity::new());
    let tls = old.tls();
    let server = TestServer::start(|server| server.with_tls(tls.clone())).await;
    // It trusts both, and keeps its sessions.
    let connector = TlsConnector::from(Arc::new(trusting(&[&old, &new])));
    let connect = async || {
        let name = ServerName::try_from("localhost").unwrap();
        let io = server.connect().await;
        let mut stream = within(connector.connect(name, io)).await.unwrap();
        hello(&mut stream).await;
        let (_, session) = stream.get_ref();
        (session.handshake_kind(), session.peer_certificates().unwrap()[0].clone())
    };
    assert_eq!(connect().await.0, Some(HandshakeKind::Full));
    assert_eq!(connect().await.0, Some(HandshakeKind::Resumed));

    tls.replace(new.tls());

    assert_eq!(connect().await, (Some(HandshakeKind::Full), new.0.cert.der().clone()));
}

#[tokio::test]
async fn end_of_the_client_drops_the_body() {
    let identity = Identity::new();
    let server = TestServer::start(|server| server.with_tls(identity.tls())).await;
    let mut stream = identity.connect(&server, &[]).await;
    stream.write_all(super::support::request("/silent").as_bytes()).await.unwrap();
    server.bodies.until(1).await;

    // Without the farewell of TLS, as a client that is killed.
    drop(stream.into_inner().0);

    server.bodies.until(0).await;
}

#[tokio::test]
async fn plain_http_to_a_port_of_tls_is_told_in_words() {
    let identity = Identity::new();
    let hour = Duration::from_secs(3600);
    let server =
        TestServer::start(|it| it.with_header_timeout(hour).with_tls(identity.tls())).await;
    let (log, _logging) = Log::start(Level::DEBUG);
    let post = format!("POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n{}", "x".repeat(200_000));
    let requests = [
        "GET / HTTP/1.1\r\nHost: test\r\n\r\n",
        "\r\nG",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &post,
    ];
    for request in requests {
        let mut stream = server.connect().await;

        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();

        let answer = String::from_utf8(read_to_close(&mut stream).await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer:?}");
        assert!(answer.ends_with("\r\n\r\nthis port speaks TLS: use https://\n"), "{answer:?}");
    }
    assert_eq!(log.count("a client speaks plain HTTP, but this port speaks TLS"), requests.len());
    assert_eq!(log.count("INFO"), 0, "a scan of the ports fills no log");
    let mut stream = identity.connect(&server, &[]).await;
    hello(&mut stream).await;
}

#[tokio::test]
async fn tls_to_a_port_of_plain_http_is_told_in_words() {
    let identity = Identity::new();
    let hour = Duration::from_secs(3600);
    let server = TestServer::start(|it| it.with_header_timeout(hour)).await;
    let (log, _logging) = Log::start(Level::DEBUG);

    let error = within(identity.handshake(server.connect().await, &[])).await.unwrap_err();
    let mut stream = server.connect().await;
    stream.write_all(b"\x16").await.unwrap();
    let answer = String::from_utf8(read_to_close(&mut stream).await).unwrap();

    assert!(error.to_string().contains("InvalidContentType"), "{error}");
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer:?}");
    assert!(answer.ends_with("\r\n\r\nthis port speaks plain HTTP: use http://\n"), "{answer:?}");
    assert_eq!(log.count("a client speaks TLS, but this port speaks plain HTTP"), 2);
    assert_eq!(log.count("INFO"), 0, "a scan of the ports fills no log");
}

#[tokio::test]
async fn tls_inside_of_tls_is_told_in_words() {
    let identity = Identity::new();
    let server = TestServer::start(|it| it.with_tls(identity.tls())).await;
    let mut stream = identity.connect(&server, &[]).await;

    stream.write_all(b"\x16\x03\x01").await.unwrap();
    let answer = String::from_utf8(read_to_close(&mut stream).await).unwrap();

    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer:?}");
    let text = "\r\n\r\nthis connection speaks TLS already: send HTTP inside of it\n";
    assert!(answer.ends_with(text), "{answer:?}");
}

#[tokio::test]
async fn own_configuration_is_used() {
    let identity = Identity::new();
    let key = rustls::pki_types::PrivateKeyDer::try_from(identity.0.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.0.cert.der().clone()], key.unwrap())
        .unwrap();
    let server = TestServer::start(|it| it.with_tls(ServerTls::from(Arc::new(config)))).await;

    let mut stream = identity.connect(&server, &[]).await;

    hello(&mut stream).await;
}

#[test]
fn unusable_identities_are_refused() {
    let (ours, other) = (Identity::new(), Identity::new());
    let (certificate, key) = (ours.certificate(), ours.key());
    let both = format!("{key}{certificate}");
    let section =
        |name: &str, text: &str| format!("-----BEGIN {name}-----\n{text}\n-----END {name}-----\n");
    let encrypted = section("ENCRYPTED PRIVATE KEY", "AAAA");
    let cases = [
        (&*certificate, &*key, "ok"),
        (&*both, &*both, "ok"),
        ("", &*key, "no certificate found"),
        (&*key, &*key, "no certificate found"),
        (&*certificate, "", "no private key found"),
        (&*certificate, &*certificate, "no private key found"),
        (&*certificate, &*encrypted, "the private key is encrypted"),
        (&*certificate, &*other.key(), "the private key does not belong to the certificate"),
        (&*section("CERTIFICATE", "?"), &*key, "cannot read the certificates"),
        (&*section("CERTIFICATE", "AAAA"), &*key, "the certificate is not usable"),
        (&*certificate, &*section("PRIVATE KEY", "?"), "cannot read the private key"),
        (&*certificate, &*section("PRIVATE KEY", "AAAA"), "the private key is not usable"),
    ];
    for (certificate, key, expected) in cases {
        let made = ServerTls::from_pem(certificate.as_bytes(), key.as_bytes());

        let told = made.map_or_else(|error: TlsError| error.to_string(), |_| "ok".to_owned());
        assert!(told.starts_with(expected), "{told:?} is not {expected:?}");
    }
}
