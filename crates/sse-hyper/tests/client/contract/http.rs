use std::time::Duration;

use http::{HeaderName, Method};
use sse_testkit::{MemoryServer, Step};

use super::{config, contract, next};
use crate::support::{builder, held, no_content, within};

contract! {
    default_request: "default method and headers" => {
        let server = MemoryServer::new([held("data: Hello\n\n")]);
        let mut source = builder(&server).build().unwrap();

        assert_eq!(next(&mut source).await, "Hello");

        let request = &server.requests()[0];
        assert!(request.head.starts_with("GET "), "{}", request.head);
        assert_eq!(request.field("accept"), Some("text/event-stream"));
        assert_eq!(request.field("cache-control"), Some("no-cache"));
        assert_eq!(request.field("last-event-id"), None);
    }

    stops: "204 halts re-connection attempts" => {
        let server = MemoryServer::by(|_| Some(no_content()));

        within(builder(&server).with_config(config()).build().unwrap(), SECOND).await;

        assert_eq!(server.connections(), 1);
    }

    permanent: "client follows 301 redirect" => { redirect(301).await; }
    permanent_empty: "client handles empty Location header with 301 status" => { empty(301).await; }
    permanent_missing: "client handles missing Location header with 301 status" => {
        missing(301).await;
    }
    temporary: "client follows 307 redirect" => { redirect(307).await; }
    temporary_empty: "client handles empty Location header with 307 status" => { empty(307).await; }
    temporary_missing: "client handles missing Location header with 307 status" => {
        missing(307).await;
    }

    custom_headers: "custom headers" => {
        let server = MemoryServer::new([held("data: Hello\n\n")]);
        let mut source = builder(&server)
            .with_header(HeaderName::from_static("header-name-1"), "value-1".parse().unwrap())
            .with_header(HeaderName::from_static("header-name-2"), "value-2".parse().unwrap())
            .build()
            .unwrap();

        assert_eq!(next(&mut source).await, "Hello");

        let request = &server.requests()[0];
        assert_eq!(request.field("header-name-1"), Some("value-1"));
        assert_eq!(request.field("header-name-2"), Some("value-2"));
    }

    post: "POST request" => { with_body("POST").await; }
    report: "REPORT request" => { with_body("REPORT").await; }

    preset_id: "sends Last-Event-Id in initial request if set" => {
        let server = MemoryServer::new([held("data: Hello\n\n")]);
        let config = config().with_last_event_id("abc");
        let mut source = builder(&server).with_config(config).build().unwrap();

        assert_eq!(next(&mut source).await, "message|Hello|abc");

        assert_eq!(server.requests()[0].field("last-event-id"), Some("abc"));
    }
}

async fn redirect(status: u16) {
    let first = vec![Step::ExpectHead, Step::redirect(status, "http://a.example/other")];
    let server = MemoryServer::new([first, held("data: Hello\n\n")]);
    let mut source = builder(&server).with_config(config()).build().unwrap();

    assert_eq!(next(&mut source).await, "Hello");

    assert!(server.requests()[1].head.starts_with("GET /other "));
}

async fn empty(status: u16) {
    let server =
        MemoryServer::by(move |_| Some(vec![Step::ExpectHead, Step::redirect(status, "")]));
    let mut source = builder(&server).with_config(config()).build().unwrap();

    assert_eq!(next(&mut source).await, "error: the server sent more than 20 redirects");
}

async fn missing(status: u16) {
    let head = format!("HTTP/1.1 {status} Moved\r\nContent-Length: 0\r\n\r\n");
    let server = MemoryServer::new([vec![Step::ExpectHead, Step::send(head)]]);
    let mut source = builder(&server).with_config(config()).build().unwrap();

    let error = next(&mut source).await;

    assert!(error.starts_with("error: the server answered 30"), "{error}");
}

async fn with_body(method: &str) {
    let script = vec![
        Step::ExpectHead,
        Step::ExpectBody,
        Step::stream_head(),
        Step::send("data: Hello\n\n"),
        Step::Hold,
    ];
    let server = MemoryServer::new([script]);
    let mut source = builder(&server)
        .with_config(config())
        .with_method(Method::from_bytes(method.as_bytes()).unwrap())
        .with_header(http::header::CONTENT_TYPE, "application/json".parse().unwrap())
        .with_body(r#"{"hello": "world"}"#)
        .build()
        .unwrap();

    assert_eq!(next(&mut source).await, "Hello");

    let request = &server.requests()[0];
    assert!(request.head.starts_with(method), "{}", request.head);
    assert_eq!(request.field("content-type"), Some("application/json"));
    assert_eq!(request.body, br#"{"hello": "world"}"#);
}

const SECOND: Duration = Duration::from_secs(1);
