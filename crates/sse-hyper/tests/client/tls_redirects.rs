//! Redirects under TLS: what is meant for one origin is for no other.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use sse_hyper::{ClientTls, EventSource};
use tokio::io::{DuplexStream, duplex};
use tokio_rustls::TlsAcceptor;

use crate::{
    support::{config, some},
    tls_options::Identity,
};

#[tokio::test]
async fn certificate_of_the_client_is_shown_to_the_first_origin_alone() {
    let (server, client) = (Identity::new("a.example"), Identity::new("client"));
    let (other, another) = (Identity::new("b.example"), Identity::new("a.example"));
    let mut tls = ClientTls::new();
    for trusted in [&server, &other, &another] {
        tls = tls.with_root_pem(trusted.certificate.as_bytes()).unwrap();
    }
    let tls = tls.with_identity_pem(client.certificate.as_bytes(), client.key.as_bytes()).unwrap();
    for (target, expected) in [
        ("https://a.example/again", "a.example with it"),
        ("https://A.example:443/again", "a.example with it"),
        ("https://b.example/", "b.example without it"),
        ("https://a.example:8443/", "a.example:8443 without it"),
    ] {
        let acceptors = [&server, &other, &another].map(|server| server.asking_acceptor(&client));
        let mut source = source(tls.clone(), acceptors, target);

        assert_eq!(some(&mut source, 2).await, ["open", expected], "{target}");
    }
}

#[tokio::test]
async fn first_origin_alone_is_trusted_unseen() {
    let (server, client) = (Identity::new("a.example"), Identity::new("client"));
    for (target, is_trusted) in [
        ("https://a.example/again", true),
        ("https://b.example/", false),
        ("https://a.example:8443/", false),
    ] {
        let acceptors = [&server; 3].map(|server| server.asking_acceptor(&client));
        // The system may have no roots of its own, and then there is nobody to trust.
        let mut source = source(ClientTls::insecure(), acceptors, target);

        if is_trusted {
            assert_eq!(some(&mut source, 2).await, ["open", "a.example without it"]);
        } else {
            let seen = some(&mut source, 1).await.remove(0);
            let words = "again: the connection failed: the ";
            assert!(seen.starts_with(words) && seen.contains("certificate"), "{seen}");
        }
    }
}

/// A source of `https://a.example/`, which redirects to `target`. The acceptors are those of the hosts
/// `a.example`, `b.example` and `a.example:8443`.
fn source(tls: ClientTls, acceptors: [TlsAcceptor; 3], target: &'static str) -> EventSource {
    EventSource::builder("https://a.example/".parse().unwrap())
        .with_config(config())
        .with_tls(tls)
        .with_connector(move |uri| {
            let acceptor = match (uri.host(), uri.port_u16()) {
                (_, Some(8443)) => &acceptors[2],
                (Some("b.example"), _) => &acceptors[1],
                _ => &acceptors[0],
            };
            let (client, server) = duplex(64 << 10);
            tokio::spawn(serve(acceptor.clone(), server, target));
            std::future::ready(Ok(client))
        })
        .build()
        .unwrap()
}

/// Redirects from the root of the first origin, and otherwise tells whether it was shown a certificate.
async fn serve(acceptor: TlsAcceptor, stream: DuplexStream, target: &'static str) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let has_certificate = stream.get_ref().1.peer_certificates().is_some();
    let service = service_fn(move |request: Request<Incoming>| async move {
        let host = request.headers()[header::HOST].to_str().unwrap().to_owned();
        let response = match (&*host, request.uri().path()) {
            ("a.example", "/") => Response::builder()
                .status(307)
                .header(header::LOCATION, target)
                .body(Full::<Bytes>::default()),
            _ => {
                let with = if has_certificate { "with" } else { "without" };
                let event = format!("data: {} {with} it\n\n", host.to_lowercase());
                Response::builder()
                    .header(header::CONTENT_TYPE, "text/event-stream")
                    .body(Full::from(event))
            }
        };
        Ok::<_, Infallible>(response.unwrap())
    });
    let builder = hyper::server::conn::http1::Builder::new();
    let _closed = builder.serve_connection(TokioIo::new(stream), service).await;
}
