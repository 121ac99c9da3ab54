use std::time::Duration;

use sse_hyper::{Publisher, SendError};
use sse_testkit::{MemoryServer, ScriptedServer, Step};
use tokio::time::Instant;

#[tokio::test]
async fn text_and_json_are_sent_with_their_types_to_the_encoded_path() {
    let ok = || Step::response("200 OK", "");
    let script =
        vec![Step::ExpectHead, Step::ExpectBody, ok(), Step::ExpectHead, Step::ExpectBody, ok()];
    let server = ScriptedServer::start([script]).await;
    let publisher = Publisher::builder(server.url("/events/").parse().unwrap())
        .with_basic_auth("user", "password")
        .build()
        .unwrap();

    publisher.send_string("42:42 a/b", "ping", "é").await.unwrap();
    publisher.send_json("42", "ping", &["a", "b"]).await.unwrap();

    let [text, json] = &server.requests()[..] else {
        panic!("both came on one connection");
    };
    assert!(text.head.starts_with("POST /events/ping/42:42%20a%2Fb HTTP/1.1\r\n"), "{}", text.head);
    assert_eq!(text.field("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(text.field("authorization"), Some("Basic dXNlcjpwYXNzd29yZA=="));
    assert_eq!(text.body, "é".as_bytes());
    assert_eq!(json.field("content-type"), Some("application/json"));
    assert_eq!(json.body, b"[\"a\",\"b\"]");
}

#[tokio::test]
async fn refusal_has_the_status_and_the_text_of_the_page() {
    for (status, body, shown) in [
        (
            "404 Not Found",
            "<html><title>404: Not Found</title><body>404: Target is not connected</body></html>\n",
            "(404 Not Found): Target is not connected",
        ),
        (
            "400 Bad Request",
            "<html><title>400: Bad Request</title><body>400: Data is not properly formatted: \
             <br />a &lt;b&gt; &amp;amp; &#39;c&#39;</body></html>\n",
            "(400 Bad Request): Data is not properly formatted: a <b> &amp; 'c'",
        ),
        ("502 Bad Gateway", "upstream is away", "(502 Bad Gateway): upstream is away"),
        ("502 Bad Gateway", "", "(502 Bad Gateway)"),
        ("599 Anything", "", "(599)"),
    ] {
        let script = vec![Step::ExpectHead, Step::response(status, body)];
        let server = ScriptedServer::start([script]).await;
        let publisher = Publisher::builder(server.url("").parse().unwrap()).build().unwrap();

        let refused = publisher.send_string("42", "ping", "").await.unwrap_err();

        assert!(matches!(refused, SendError::Refused { .. }));
        assert_eq!(refused.to_string(), shown);
    }
}

#[tokio::test]
async fn refusal_that_comes_while_the_body_is_still_being_sent_is_read() {
    let refusal = Step::response("413 Payload Too Large", "<body>413: Data is too large</body>");
    let server = ScriptedServer::start([vec![Step::ExpectHead, refusal]]).await;
    let publisher = Publisher::builder(server.url("").parse().unwrap()).build().unwrap();

    let refused = publisher.send_string("42", "ping", "x".repeat(8 << 20)).await.unwrap_err();

    assert_eq!(refused.to_string(), "(413 Payload Too Large): Data is too large");
}

#[tokio::test]
async fn answer_that_does_not_come_is_given_up_with_the_limit() {
    let server = ScriptedServer::start([vec![Step::ExpectHead, Step::Hold]]).await;
    let publisher = Publisher::builder(server.url("").parse().unwrap())
        .with_timeout(Duration::from_millis(100))
        .build()
        .unwrap();

    let late = publisher.send_string("42", "ping", "").await.unwrap_err();

    assert_eq!(late.to_string(), "no answer within 100ms");
}

#[tokio::test]
async fn server_that_is_away_is_named_with_the_reason() {
    let publisher = Publisher::builder(crate::nobody().parse().unwrap()).build().unwrap();

    let away = publisher.send_string("42", "ping", "").await.unwrap_err();

    assert!(matches!(away, SendError::Transport(_)), "{away}");
    assert!(away.to_string().contains("refused"), "{away}");
}

#[tokio::test]
async fn value_without_a_json_form_is_refused_before_anything_is_sent() {
    let publisher = Publisher::builder(crate::nobody().parse().unwrap()).build().unwrap();
    let keys = std::collections::BTreeMap::from([(vec![1], 2)]);

    let refused = publisher.send_json("42", "ping", &keys).await.unwrap_err();

    assert!(matches!(refused, SendError::Json(_)), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn refusal_whose_page_does_not_come_whole_is_told_with_what_came() {
    let head = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5000000\r\n\r\n";
    let long = "x".repeat(2 << 20);
    for (page, rest, timeout, kept, waited) in [
        ("busy", Step::Hold, 30_000, "busy", 1_000),
        ("busy", Step::Hold, 500, "busy", 500),
        ("", Step::Hold, 30_000, "", 1_000),
        ("busy", Step::Close, 30_000, "busy", 0),
        ("busy", Step::Reset, 30_000, "busy", 0),
        ("<html><body>503: busy <br />an", Step::Close, 30_000, "busy an", 0),
        (&long, Step::Hold, 30_000, &long[..4 << 10], 0),
    ] {
        let server = MemoryServer::new([vec![
            Step::ExpectHead,
            Step::ExpectBody,
            Step::send(head),
            Step::send(page),
            rest.clone(),
        ]]);
        let publisher = publisher(&server, Duration::from_millis(timeout));
        let began = Instant::now();

        let refused = publisher.send_string("42", "ping", "hi").await.unwrap_err();

        let SendError::Refused { status, message } = &refused else {
            panic!("{rest:?}: {refused:?}");
        };
        assert_eq!((status.as_u16(), &**message), (503, kept), "{rest:?}");
        assert_eq!(began.elapsed().as_millis(), waited, "{rest:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn event_is_published_though_the_answer_does_not_come_whole() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n";
    let long = "x".repeat(2 << 20);
    for (body, rest, kept) in [
        ("ok", Step::Hold, "ok"),
        ("", Step::Hold, ""),
        ("ok", Step::Close, "ok"),
        ("ok", Step::Reset, "ok"),
        (&long, Step::Hold, &long[..1 << 20]),
    ] {
        let server = MemoryServer::new([vec![
            Step::ExpectHead,
            Step::ExpectBody,
            Step::send(head),
            Step::send(body),
            rest.clone(),
        ]]);
        let publisher = publisher(&server, Duration::from_secs(30));

        let answer = publisher.send_string("42", "ping", "hi").await.unwrap();

        assert!(answer == kept, "{rest:?}: {} bytes", answer.len());
    }
}

fn publisher(server: &MemoryServer, timeout: Duration) -> Publisher {
    let server = server.clone();
    Publisher::builder("http://a.example".parse().unwrap())
        .with_connector(move |_uri| std::future::ready(server.connect()))
        .with_timeout(timeout)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn server_is_reached_by_a_connector_of_ones_own() {
    let server = MemoryServer::new([vec![
        Step::ExpectHead,
        Step::ExpectBody,
        Step::response("200 OK", "ok"),
    ]]);
    let connecting = server.clone();
    let publisher = Publisher::builder("http://a.example:81".parse().unwrap())
        .with_connector(move |uri| {
            assert_eq!(uri.authority().unwrap(), "a.example:81");
            std::future::ready(connecting.connect())
        })
        .build()
        .unwrap();

    assert_eq!(publisher.send_string("42", "ping", "hi").await.unwrap(), "ok");

    assert_eq!(server.requests()[0].body, b"hi");
}
