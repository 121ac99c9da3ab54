//! Users and passwords, and where they are sent.

use http::header;
use sse_hyper::{EventSource, EventSourceBuilder, Proxies, Publisher, PublisherBuilder};
use sse_testkit::{MemoryServer, ScriptedServer, Step};

use crate::support::{all, held, no_content, some};

/// `me` with the password `secret`, and `you`.
const OF_THE_ADDRESS: &str = "Basic bWU6c2VjcmV0";
const OF_THE_CALL: &str = "Basic eW91OnB3";
const TOKEN: &str = "Bearer token";

/// What is said of it, and what is sent.
const SAID: [(&[Said], &str); 5] = [
    (&[], OF_THE_ADDRESS),
    (&[Said::Token], TOKEN),
    (&[Said::Basic], OF_THE_CALL),
    (&[Said::Token, Said::Basic], OF_THE_CALL),
    (&[Said::Basic, Said::Token], TOKEN),
];

#[derive(Clone, Copy, Debug)]
enum Said {
    Token,
    Basic,
}

#[tokio::test(start_paused = true)]
async fn what_a_source_is_told_counts_before_the_user_in_its_address() {
    for (said, expected) in SAID {
        let server = MemoryServer::new([no_content()]);
        let connecting = server.clone();
        let uri = "http://me:secret@a.example/stream".parse().unwrap();
        let source = EventSource::builder(uri)
            .with_connector(move |_uri| std::future::ready(connecting.connect()));
        let source = said.iter().fold(source, |source: EventSourceBuilder, said| match said {
            Said::Token => source.with_header(header::AUTHORIZATION, TOKEN.parse().unwrap()),
            Said::Basic => source.with_basic_auth("you", "pw"),
        });

        all(source.build().unwrap()).await;

        let head = &server.requests()[0].head;
        assert_eq!(authorizations(head), [expected], "{said:?}");
        assert!(!head.contains('@'), "{head}");
    }
}

#[tokio::test]
async fn what_a_publisher_is_told_counts_before_the_user_in_its_address() {
    for (said, expected) in SAID {
        let script = vec![Step::ExpectHead, Step::response("200 OK", "")];
        let server = ScriptedServer::start([script]).await;
        let base = format!("http://me:secret@{}/base", server.addr());
        let publisher = Publisher::builder(base.parse().unwrap());
        let publisher =
            said.iter().fold(publisher, |publisher: PublisherBuilder, said| match said {
                Said::Token => publisher.with_header(header::AUTHORIZATION, TOKEN.parse().unwrap()),
                Said::Basic => publisher.with_basic_auth("you", "pw"),
            });

        publisher.build().unwrap().send_string("42", "ping", "").await.unwrap();

        let request = &server.requests()[0];
        assert_eq!(authorizations(&request.head), [expected], "{said:?}");
        assert_eq!(request.field("host"), Some(&*server.addr().to_string()));
        assert!(!request.head.contains('@'), "{}", request.head);
    }
}

#[tokio::test]
async fn proxy_is_told_neither_the_user_of_the_address_nor_the_server_that_of_the_proxy() {
    let script = vec![Step::ExpectHead, Step::response("200 OK", "")];
    let proxy = ScriptedServer::start([script]).await;
    let publisher = Publisher::builder("http://me:secret@a.example".parse().unwrap())
        .with_proxies(Proxies::One(format!("http://you:pw@{}", proxy.addr()).parse().unwrap()))
        .build()
        .unwrap();

    publisher.send_string("42", "ping", "").await.unwrap();

    let request = &proxy.requests()[0];
    let line = "POST http://a.example/ping/42 HTTP/1.1\r\n";
    assert!(request.head.starts_with(line), "{}", request.head);
    assert_eq!(request.field("authorization"), Some(OF_THE_ADDRESS));
    assert_eq!(request.field("proxy-authorization"), Some(OF_THE_CALL));
}

#[test]
fn what_is_for_debugging_shows_no_credentials() {
    for address in [
        "http://hannah:pa55@a.example/x",
        "http://hannah:pa55@a.example/x?y=z@b",
        "http://hannah:pa/55@a.example/",
        "ftp://hannah:pa55@a.example/",
        "ftp://hannah:pa/55@a.example/",
        "https://hannah:pa55@[fe80::g]/",
        "hannah:pa55@a.example",
    ] {
        let uri: http::Uri = address.parse().unwrap();
        let proxies = Proxies::One(uri.clone());
        let source = EventSource::builder(uri.clone()).with_proxies(proxies.clone());
        let publisher = Publisher::builder(uri.clone()).with_proxies(proxies.clone());
        let by_proxy = EventSource::builder("http://a.example/".parse().unwrap())
            .with_proxies(proxies.clone());

        for shown in [
            format!("{proxies:?}"),
            format!("{source:?}"),
            format!("{publisher:?}"),
            format!("{:?}", source.build()),
            format!("{:?}", publisher.build()),
            format!("{:?}", by_proxy.build()),
        ] {
            for secret in ["hannah", "pa55", "pa/55", "/55"] {
                assert!(!shown.contains(secret), "{address}: {shown}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn headers_that_are_credentials_are_not_shown_either() {
    for name in [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE] {
        let server = MemoryServer::new([held("")]);
        let connecting = server.clone();
        let uri: http::Uri = "http://a.example/".parse().unwrap();
        let value = || http::HeaderValue::from_static("pa55");
        let hooked = name.clone();
        let source = EventSource::builder(uri.clone()).with_header(name.clone(), value());
        let publisher = Publisher::builder(uri.clone()).with_header(name.clone(), value());
        let mut hook = EventSource::builder(uri)
            .with_connector(move |_uri| std::future::ready(connecting.connect()))
            .with_header_hook(move || {
                let headers = http::HeaderMap::from_iter([(hooked.clone(), value())]);
                std::future::ready(Ok(headers))
            })
            .build()
            .unwrap();
        assert_eq!(some(&mut hook, 1).await, ["open"]);

        for shown in [
            format!("{source:?}"),
            format!("{publisher:?}"),
            format!("{:?}", source.build()),
            format!("{:?}", publisher.build()),
            format!("{hook:?}"),
        ] {
            assert!(!shown.contains("pa55"), "{name}: {shown}");
        }
        assert_eq!(server.requests()[0].field(name.as_str()), Some("pa55"));
    }
}

fn authorizations(head: &str) -> Vec<&str> {
    head.lines().filter_map(|line| line.strip_prefix("authorization: ")).collect()
}
