use std::{net::SocketAddr, sync::Arc};

use sse_access::{Authentication, Endpoint, EndpointError, Upstream};
use sse_core::access::Denied;
use sse_testkit::{ScriptedServer, Step, TlsIdentity};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::asking::{listen, subject};

/// A server with this identity, which grants everything to Alice.
async fn serve(identity: &TlsIdentity) -> SocketAddr {
    let chain = vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _head = stream.read(&mut [0; 4096]).await;
            let answer = b"HTTP/1.1 200 OK\r\nSse-Grant: {\"sub\":\"alice\"}\r\n\r\n";
            let _closed = stream.write_all(answer).await;
            let _closed = stream.shutdown().await;
        }
    });
    addr
}

fn trusting(identity: Option<&TlsIdentity>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    if let Some(identity) = identity {
        let root = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap();
        roots.add(root).unwrap();
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

#[tokio::test]
async fn under_tls_only_one_who_is_trusted_is_asked() {
    let (identity, other) = (TlsIdentity::self_signed(), TlsIdentity::self_signed());
    let addr = serve(&identity).await;
    let (name, number, foreign) = (
        format!("https://localhost:{}/", addr.port()),
        format!("https://{addr}/"),
        format!("https://127.0.0.2:{}/", addr.port()),
    );
    let plain = ScriptedServer::start([vec![Step::send("HTTP/1.1 400 Bad Request\r\n\r\n")]]).await;
    for (url, trusted, expected) in [
        (name.clone(), Some(&identity), Ok(Some("alice"))),
        (number, Some(&identity), Ok(Some("alice"))),
        (foreign, Some(&identity), Err(Denied::Unavailable)),
        (name.clone(), Some(&other), Err(Denied::Unavailable)),
        (name.clone(), None, Err(Denied::Unavailable)),
        (name.replace("https", "http"), Some(&identity), Err(Denied::Unavailable)),
        (plain.url("/").replace("http", "https"), Some(&identity), Err(Denied::Unavailable)),
    ] {
        let endpoint = Endpoint::with_tls(&url, trusting(trusted)).unwrap();
        let authentication = Authentication::new().with_upstream(Upstream::new(endpoint));

        let found = listen(&authentication, "42", "s3cret").await;

        assert_eq!(subject(&found), expected, "{url}");
    }
}

#[test]
fn an_address_is_of_http_and_gives_no_secret_away() {
    for url in ["http://localhost", "HTTPS://[::1]:8443/a?b#c", " http://m\u{fc}ller.example/ "] {
        Endpoint::with_tls(url, trusting(None)).unwrap();
    }
    for (url, expected) in [
        ("", "this is no address: relative URL without a base"),
        ("/check", "this is no address: relative URL without a base"),
        ("localhost:9000/check", "only `http` and `https` can be asked, not \"localhost\""),
        ("http://", "this is no address: empty host"),
        ("http://a b/", "this is no address: invalid international domain name"),
        ("http://a:99999/", "this is no address: invalid port number"),
        ("unix:/run/auth.sock", "only `http` and `https` can be asked, not \"unix\""),
        ("file:///etc/passwd", "only `http` and `https` can be asked, not \"file\""),
        (
            "https://alice:s3cret@auth.example/check?key=s3cret",
            "there may be no name and no password in the address of https://auth.example/check",
        ),
        (
            "https://alice@auth.example",
            "there may be no name and no password in the address of https://auth.example/",
        ),
    ] {
        let error = Endpoint::with_tls(url, trusting(None)).unwrap_err();

        assert_eq!(error.to_string(), expected, "{url}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
    let error = Endpoint::new("ftp://localhost").unwrap_err();
    assert_eq!(error, EndpointError::Scheme { scheme: "ftp".to_owned() });
}
