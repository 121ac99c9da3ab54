use futures_util::StreamExt;
use rcgen::{
    BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd, generate_simple_self_signed,
};
use sse_core::{Gateway, GatewayConfig, Hub, HubConfig, StringFormat, client::ClientConfig};
use sse_hyper::{
    ClientTls, ClientTlsError, EventService, EventSource, Notice, Publisher, SendError, Server,
    ServerTls,
};
use tokio::task::JoinHandle;

#[tokio::test]
async fn whole_protocol_works_under_tls_with_a_root_of_ones_own() {
    let server = serve().await;
    let tls = ClientTls::new().with_root_pem(server.certificate.as_bytes()).unwrap();
    let base: http::Uri = server.base.parse().unwrap();
    let uri = sse_hyper::channel_uri(&base, "poll", "42").unwrap();
    let mut source = EventSource::builder(uri).with_tls(tls.clone()).build().unwrap();
    let publisher = Publisher::builder(base).with_tls(tls).build().unwrap();

    assert!(matches!(source.next().await.unwrap().unwrap(), Notice::Open));
    publisher.send_string("42", "ping", "hi").await.unwrap();

    let event = loop {
        match source.next().await.unwrap().unwrap() {
            Notice::Event(event) => break event,
            Notice::Retry(_) => (),
            notice => panic!("{notice:?}, though an event was published"),
        }
    };
    assert_eq!((event.name(), event.data()), ("ping", "hi"));
}

#[tokio::test]
async fn unknown_certificate_is_refused_unless_everybody_is_trusted() {
    let server = serve().await;
    let uri: http::Uri = format!("{}/poll/42", server.base).parse().unwrap();
    let config = ClientConfig::default().with_initial_retry(false);
    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    let wrong = ClientTls::new().with_root_pem(other.as_bytes()).unwrap();

    let mut refusing = EventSource::builder(uri.clone())
        .with_config(config.clone())
        .with_tls(wrong.clone())
        .build()
        .unwrap();
    let mut trusting = EventSource::builder(uri)
        .with_config(config)
        .with_tls(ClientTls::insecure())
        .build()
        .unwrap();
    let publisher =
        Publisher::builder(server.base.parse().unwrap()).with_tls(wrong).build().unwrap();

    let refused = refusing.next().await.unwrap().unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
    assert!(matches!(trusting.next().await.unwrap().unwrap(), Notice::Open));
    let refused = publisher.send_string("42", "ping", "").await.unwrap_err();
    assert!(matches!(refused, SendError::Transport(_)), "{refused}");
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

#[tokio::test]
async fn self_signed_certificate_that_calls_itself_an_authority_is_trusted_by_who_names_it() {
    let authority = || {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let mut expired = authority();
    expired.not_after = date_time_ymd(2001, 1, 1);
    for (params, host, expected) in [
        (authority(), "localhost", Ok(())),
        (authority(), "127.0.0.1", Err("not for 127.0.0.1, but for localhost")),
        (expired, "localhost", Err("expired")),
    ] {
        let server = serve_with(params).await;
        let tls = ClientTls::new().with_root_pem(server.certificate.as_bytes()).unwrap();
        let uri = server.base.replace("localhost", host).parse().unwrap();
        let publisher = Publisher::builder(uri).with_tls(tls).build().unwrap();

        let sent = publisher.send_string("42", "ping", "").await.unwrap_err();

        match expected {
            Ok(()) => assert!(matches!(sent, SendError::Refused { .. }), "{sent}"),
            Err(reason) => assert!(sent.to_string().contains(reason), "{sent}"),
        }
    }
}

#[test]
fn file_without_a_certificate_is_refused() {
    let none = ClientTls::new().with_root_pem(b"nothing").unwrap_err();
    let broken = ClientTls::new()
        .with_root_pem(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n")
        .unwrap_err();

    assert!(matches!(none, ClientTlsError::NoCertificate), "{none}");
    assert!(matches!(broken, ClientTlsError::Pem(_)), "{broken}");
}

pub(crate) struct Serving {
    pub(crate) base: String,
    pub(crate) certificate: String,
    task: JoinHandle<std::io::Result<()>>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn serve() -> Serving {
    serve_with(CertificateParams::new(["localhost".to_owned()]).unwrap()).await
}

pub(crate) async fn serve_with(params: CertificateParams) -> Serving {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let key = key.serialize_pem();
    let tls = ServerTls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    let server = Server::bind("127.0.0.1:0").await.unwrap().with_tls(tls);
    let base = format!("https://localhost:{}", server.local_addr().unwrap().port());
    let hub = Hub::new(HubConfig::new(StringFormat));
    let service = EventService::new(Gateway::new(hub, GatewayConfig::default()));
    Serving { base, certificate, task: tokio::spawn(server.serve(service)) }
}
