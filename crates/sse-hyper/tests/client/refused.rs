//! What is kept of the body of an answer that is no stream.

use std::{convert::Infallible, iter::repeat_with};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request, Response, StatusCode};
use http_body_util::StreamBody;
use hyper::body::Frame;
use sse_core::client::Disconnect;
use sse_hyper::{
    BlockingEventSource, EventSource, Interrupted, Notice, Transport, TransportBody,
    TransportFuture,
};
use sse_testkit::{MemoryServer, ScriptedServer, Step};

use crate::support::{config, no_content, source};

#[tokio::test(start_paused = true)]
async fn body_of_a_refusal_is_kept_up_to_4_kib() {
    let long = "é".repeat(5000);
    for (head, body, kept) in [
        (
            "401 Unauthorized\r\nContent-Type: application/json",
            "{\"error\":1}\n",
            Some("{\"error\":1}\n"),
        ),
        ("200 OK\r\nContent-Type: text/html", "<p>\x1b[31mno</p>", Some("<p>\x1b[31mno</p>")),
        ("200 OK", "plain", Some("plain")),
        ("404 Not Found", "", None),
        ("404 Not Found", "\r\n ", None),
        ("418 I'm a teapot", &long, Some(&long[..4096])),
        ("300 Multiple Choices", "choose", Some("choose")),
        ("204 No Content", "", None),
    ] {
        let head = format!("HTTP/1.1 {head}\r\n\r\n");
        let script =
            vec![Step::ExpectHead, Step::send(head.clone()), Step::SendSingly(body.into())];
        let server = MemoryServer::new([script]);

        let refused = source(&server, config()).next().await;

        let body = refused.as_ref().map(|item| item.as_ref().unwrap_err().body());
        assert_eq!(body.flatten(), kept, "{head}");
    }
}

#[tokio::test(start_paused = true)]
async fn body_that_does_not_end_is_kept_as_far_as_it_comes_within_a_second() {
    for status in ["403 Forbidden", "200 OK"] {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: 100\r\n\r\nwait");
        let server = MemoryServer::new([vec![Step::ExpectHead, Step::send(head), Step::Hold]]);
        // The time for the answer is over before.
        let config = config().with_response_timeout(std::time::Duration::from_millis(500));

        let refused = source(&server, config).next().await.unwrap().unwrap_err();

        assert_eq!(refused.body(), Some("wait"));
        assert!(!matches!(refused.disconnect(), Disconnect::NoAnswer { .. }), "{refused}");
    }
}

#[tokio::test]
async fn body_that_is_always_ready_and_never_full_has_an_end() {
    let mut source = EventSource::builder("http://a.example/".parse().unwrap())
        .build_with(RefusedWithNothing)
        .unwrap();

    let refused = source.next().await.unwrap().unwrap_err();

    assert_eq!(refused.to_string(), "the server answered 403 Forbidden");
}

/// Its answers have a body of empty frames without end.
struct RefusedWithNothing;

impl Transport for RefusedWithNothing {
    fn send(&mut self, _request: Request<Bytes>) -> TransportFuture {
        let frames = repeat_with(|| Ok::<_, Infallible>(Frame::data(Bytes::new())));
        let body = TransportBody::new(StreamBody::new(stream::iter(frames)));
        let response = Response::builder().status(StatusCode::FORBIDDEN).body(body).unwrap();
        Box::pin(std::future::ready(Ok(response)))
    }
}

#[tokio::test(start_paused = true)]
async fn status_is_told_though_the_time_is_over_before_the_body() {
    let head = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\npart";
    let server = MemoryServer::new([vec![Step::ExpectHead, Step::send(head), Step::Hold]]);
    let config = config().with_max_time(std::time::Duration::from_millis(700));

    let refused = source(&server, config).next().await.unwrap().unwrap_err();

    assert_eq!(refused.to_string(), "the server answered 401 Unauthorized");
    assert_eq!(refused.body(), Some("part"));
}

#[tokio::test(start_paused = true)]
async fn body_comes_with_a_reconnection_and_is_gone_with_the_next_attempt() {
    let busy = vec![Step::ExpectHead, Step::response("503 Service Unavailable", "busy")];
    let cut = vec![Step::ExpectHead, Step::Close];
    let server = MemoryServer::new([busy, cut, no_content()]);
    let mut source = source(&server, config().with_status_retry(true));

    let mut bodies = Vec::new();
    while let Some(notice) = source.next().await {
        if let Ok(Notice::Reconnecting { because, .. }) = notice {
            bodies.push(because.body().map(str::to_owned));
        }
    }

    assert_eq!(bodies, [Some("busy".to_owned()), None]);
}

#[test]
fn body_is_there_without_a_runtime_and_for_any_method() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let script = vec![Step::ExpectHead, Step::response("400 Bad Request", "{\"error\":1}")];
    let server = runtime.block_on(ScriptedServer::start([script]));
    let source = EventSource::builder(server.url("/").parse().unwrap()).with_method(Method::POST);
    let mut source = BlockingEventSource::new(source.build().unwrap()).unwrap();

    let refused: Interrupted = source.next().unwrap().unwrap_err();

    assert_eq!(refused.to_string(), "the server answered 400 Bad Request");
    assert_eq!(refused.body(), Some("{\"error\":1}"));
}
