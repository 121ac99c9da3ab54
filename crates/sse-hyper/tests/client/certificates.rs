//! Certificates that nobody is to trust, told in words.

use futures_util::StreamExt;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, date_time_ymd};
use sse_core::client::ClientConfig;
use sse_hyper::{
    CertificateProblem, ClientTls, EventSource, Proxies, Publisher, Transport, TransportError,
    TransportFuture,
};

use crate::tls::serve_with;

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_told_in_words() {
    let mut authority = params();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut expired = params();
    expired.not_after = date_time_ymd(2001, 1, 1);
    let mut future = params();
    future.not_before = date_time_ymd(3001, 1, 1);
    future.not_after = date_time_ymd(3002, 1, 1);
    let others = CertificateParams::new(["b.example".to_owned(), "10.1.2.3".to_owned()]).unwrap();
    let [ten, twelve] = ["a b c d e f g h i j", "a b c d e f g h i j k l"].map(|names| {
        let names = names.split(' ').map(|name| format!("{name}.x"));
        CertificateParams::new(names.collect::<Vec<_>>()).unwrap()
    });
    let nobody = CertificateParams::new(Vec::<String>::new()).unwrap();
    for (params, trusted, words, is_for_want_of_a_root) in [
        (
            params(),
            Some("other"),
            "is signed by an authority that is not trusted, or by itself: name its root to trust it",
            true,
        ),
        (
            params(),
            Some(NAME),
            "is signed by another authority than the trusted one of that name: name its root to trust it",
            true,
        ),
        (
            authority,
            Some("other"),
            "is self-signed, an authority of its own that is not trusted: name its root to trust it",
            true,
        ),
        (expired, None, "has expired * days ago", false),
        (future, None, "is not valid yet, but in * days", false),
        (others, None, "is not for localhost, but for b.example, 10.1.2.3", false),
        (
            ten,
            None,
            "is not for localhost, but for a.x, b.x, c.x, d.x, e.x, f.x, g.x, h.x, i.x, j.x",
            false,
        ),
        (
            twelve,
            None,
            "is not for localhost, but for a.x, b.x, c.x, d.x, e.x, f.x, g.x, h.x, i.x, j.x and * more",
            false,
        ),
        (nobody, None, "is not for localhost", false),
    ] {
        let server = serve_with(params).await;
        let trusted = trusted.map_or_else(|| server.certificate.clone(), another);
        let tls = ClientTls::new().with_root_pem(trusted.as_bytes()).unwrap();
        let uri = format!("{}/poll/42", server.base).parse().unwrap();
        let mut source = EventSource::builder(uri)
            .with_config(ClientConfig::default().with_initial_retry(false))
            .with_tls(tls.clone())
            .build()
            .unwrap();
        let publisher =
            Publisher::builder(server.base.parse().unwrap()).with_tls(tls).build().unwrap();

        let refused = source.next().await.unwrap().unwrap_err().to_string();
        let unsent = publisher.send_string("42", "ping", "").await.unwrap_err();

        let words = format!("the certificate {words}");
        assert_eq!(without_numbers(&refused), format!("the connection failed: {words}"));
        assert_eq!(without_numbers(&unsent.to_string()), words);
        let problem = unsent.certificate_problem().unwrap();
        assert_eq!(problem.is_for_want_of_a_root(), is_for_want_of_a_root, "{problem:?}");
    }
}

#[tokio::test]
async fn certificate_of_a_proxy_is_told_from_that_of_a_server() {
    let proxy = serve_with(params()).await;
    let tls = ClientTls::new().with_root_pem(another("other").as_bytes()).unwrap();
    let publisher = Publisher::builder("http://a.example".parse().unwrap())
        .with_tls(tls)
        .with_proxies(Proxies::One(proxy.base.parse().unwrap()))
        .build()
        .unwrap();

    let unsent = publisher.send_string("42", "ping", "").await.unwrap_err();

    let words = "the certificate of the proxy is signed by an authority that is not trusted, or by \
                 itself: name its root to trust it";
    assert_eq!(unsent.to_string(), words);
    assert_eq!(unsent.certificate_problem(), Some(CertificateProblem::UnknownIssuer));
}

#[tokio::test(start_paused = true)]
async fn transport_that_only_has_the_names_of_a_program_is_told_in_words_too() {
    for (said, words) in [
        (
            "UnknownIssuer",
            "is signed by an authority that is not trusted, or by itself: name its root to trust it",
        ),
        (
            "Other(OtherError(CaUsedAsEndEntity))",
            "is self-signed, an authority of its own that is not trusted: name its root to trust it",
        ),
        ("certificate expired: verification time 2 (UNIX), but ..", "has expired"),
        (
            "certificate not valid for name \"a\"; certificate is only valid for ..",
            "is not for the host that was asked for",
        ),
        ("BadEncoding", "cannot be used: bad encoding"),
        (
            "UnsupportedSignatureAlgorithmContext { signature_algorithm_id: [6, 9] }",
            "cannot be used: it is signed in a way that is not accepted, such as by SHA-1",
        ),
        ("InvalidPurposeContext { required: 1 }", "cannot be used: it is not for servers"),
    ] {
        let config = ClientConfig::default().with_initial_retry(false);
        let source = EventSource::builder("https://a.example/".parse().unwrap())
            .with_config(config)
            .build_with(Failing(format!("invalid peer certificate: {said}")))
            .unwrap();

        let refused = crate::support::all(source).await;

        assert_eq!(refused, [format!("gave up: the connection failed: the certificate {words}")]);
    }
}

/// A transport that never gets further than that.
struct Failing(String);

impl Transport for Failing {
    fn send(&mut self, _request: http::Request<bytes::Bytes>) -> TransportFuture {
        let source = std::io::Error::other(std::io::Error::other(self.0.clone()));
        Box::pin(std::future::ready(Err(TransportError::unsent(source))))
    }
}

#[test]
fn error_without_a_certificate_is_no_problem_of_one() {
    let error = std::io::Error::other(std::io::Error::other("x"));

    assert_eq!(CertificateProblem::behind(&error), None);
}

fn params() -> CertificateParams {
    CertificateParams::new(["localhost".to_owned()]).unwrap()
}

/// The certificate of somebody of that name.
fn another(name: &str) -> String {
    let mut params = params();
    params.distinguished_name.push(DnType::CommonName, name);
    let key = rcgen::KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().pem()
}

/// That of the servers.
const NAME: &str = "rcgen self signed cert";

/// How many days it is depends on the day.
fn without_numbers(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.parse::<u64>() {
        Ok(_) => "*",
        Err(_) => word,
    });
    words.collect::<Vec<_>>().join(" ")
}
