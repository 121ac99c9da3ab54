//! Redirects as they are sent.

use std::time::Duration;

use http::{Method, header};
use sse_core::client::ClientConfig;
use sse_hyper::EventSource;
use sse_testkit::{MemoryServer, ScriptedServer, Step};

use crate::support::{all, builder, config, held, some};

#[tokio::test(start_paused = true)]
async fn source_knows_where_the_stream_comes_from() {
    let redirect = vec![Step::ExpectHead, Step::redirect(301, "//b.example/x")];
    let server = MemoryServer::new([redirect, held("")]);
    let mut source = builder(&server).with_config(config()).build().unwrap();

    some(&mut source, 1).await;

    assert_eq!(source.current_uri(), "http://b.example/x");
    assert_ne!(source.uri(), source.current_uri());
    assert_eq!(server.requests()[1].field("host"), Some("b.example"));
}

#[tokio::test]
async fn credentials_are_not_sent_to_another_origin() {
    let elsewhere = ScriptedServer::start([held("data: a\n\n")]).await;
    let script = vec![Step::ExpectHead, Step::redirect(307, &elsewhere.url("/"))];
    let server = ScriptedServer::start([script]).await;
    let mut source = EventSource::builder(server.url("/").parse().unwrap())
        .with_config(ClientConfig::default())
        .with_basic_auth("me", "secret")
        .with_header(header::COOKIE, "a=1".parse().unwrap())
        .with_header(header::USER_AGENT, "test".parse().unwrap())
        .build()
        .unwrap();

    assert_eq!(some(&mut source, 2).await, ["open", "a"]);

    assert!(server.requests()[0].field("authorization").is_some());
    let redirected = &elsewhere.requests()[0];
    assert_eq!((redirected.field("authorization"), redirected.field("cookie")), (None, None));
    assert_eq!(redirected.field("user-agent"), Some("test"));
}

#[tokio::test]
async fn post_that_a_server_has_redirected_is_not_sent_to_it_again() {
    for status in [303, 307] {
        let gone = ScriptedServer::start([]).await;
        let target = gone.url("/");
        let script = vec![Step::ExpectHead, Step::redirect(status, &target)];
        let server = ScriptedServer::start([script.clone(), script]).await;
        drop(gone);
        let source = EventSource::builder(server.url("/").parse().unwrap())
            .with_config(config().with_reconnection_time(Duration::ZERO).with_max_retries(1))
            .with_method(Method::POST)
            .build()
            .unwrap();

        let seen = all(source).await;

        let authority = target.trim_start_matches("http://").trim_end_matches('/');
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert!(seen[0].contains(&format!("no connection to {authority}")), "{seen:?}");
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}
