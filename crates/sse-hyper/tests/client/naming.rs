//! How clients name themselves.

use http::{HeaderMap, header};
use sse_hyper::{EventSource, Proxies, Publisher};
use sse_testkit::{MemoryServer, ScriptedServer, Step};

use crate::support::{all, builder, no_content, some};

const OWN: &str = concat!("sse-hyper/", env!("CARGO_PKG_VERSION"));

#[tokio::test(start_paused = true)]
async fn source_names_itself_unless_it_is_told_another_name() {
    for (header, hook, expected) in [
        (&[][..], None, OWN),
        (&["other/1"], None, "other/1"),
        (&["other/1", "other/2"], None, "other/2"),
        (&[""], None, ""),
        (&[], Some("hook/1"), "hook/1"),
        (&["other/1"], Some("hook/1"), "hook/1"),
    ] {
        let server = MemoryServer::new([no_content()]);
        let mut source = builder(&server);
        for value in header {
            source = source.with_header(header::USER_AGENT, value.parse().unwrap());
        }
        if let Some(value) = hook {
            source = source.with_header_hook(move || async move {
                Ok(HeaderMap::from_iter([(header::USER_AGENT, value.parse()?)]))
            });
        }

        all(source.build().unwrap()).await;

        let head = &server.requests()[0].head;
        let lines = head.lines().filter(|line| line.starts_with("user-agent:"));
        let expected = format!("user-agent: {expected}");
        assert_eq!(lines.collect::<Vec<_>>(), [expected], "{header:?} {hook:?}");
    }
}

#[tokio::test]
async fn publisher_names_itself_unless_it_is_told_another_name() {
    for (header, expected) in [(None, OWN), (Some("other/1"), "other/1")] {
        let script = vec![Step::ExpectHead, Step::response("200 OK", "")];
        let server = ScriptedServer::start([script]).await;
        let mut publisher = Publisher::builder(server.url("").parse().unwrap());
        if let Some(value) = header {
            publisher = publisher
                .with_header(header::USER_AGENT, "first/1".parse().unwrap())
                .with_header(header::USER_AGENT, value.parse().unwrap());
        }

        publisher.build().unwrap().send_string("42", "ping", "").await.unwrap();

        let head = &server.requests()[0].head;
        let lines = head.lines().filter(|line| line.starts_with("user-agent:"));
        assert_eq!(lines.collect::<Vec<_>>(), [format!("user-agent: {expected}")]);
    }
}

#[tokio::test]
async fn headers_of_a_publisher_take_the_place_of_others_but_not_of_those_of_the_data() {
    let script = vec![Step::ExpectHead, Step::ExpectBody, Step::response("200 OK", "")];
    let server = ScriptedServer::start([script]).await;
    let publisher = Publisher::builder(server.url("").parse().unwrap())
        .with_header("x-a".parse().unwrap(), "1".parse().unwrap())
        .with_header("x-a".parse().unwrap(), "2".parse().unwrap())
        .with_header(header::CONTENT_TYPE, "a/b".parse().unwrap())
        .with_header(header::CONTENT_LENGTH, "9".parse().unwrap())
        .build()
        .unwrap();

    publisher.send_string("42", "ping", "hi").await.unwrap();

    let request = &server.requests()[0];
    assert_eq!(request.head.matches("x-a").count(), 1, "{}", request.head);
    assert_eq!(request.field("x-a"), Some("2"));
    assert_eq!(request.field("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(request.body, b"hi");
}

#[tokio::test]
async fn proxy_that_is_asked_for_a_tunnel_is_told_the_name_too() {
    let refused = vec![Step::ExpectHead, Step::send("HTTP/1.1 403 Forbidden\r\n\r\n")];
    let proxy = ScriptedServer::start([refused]).await;
    let mut source = EventSource::builder("https://a.example/".parse().unwrap())
        .with_header(header::USER_AGENT, "other/1".parse().unwrap())
        .with_proxies(Proxies::One(proxy.url("").parse().unwrap()))
        .build()
        .unwrap();

    some(&mut source, 1).await;

    assert_eq!(proxy.requests()[0].field("user-agent"), Some("other/1"));
}
