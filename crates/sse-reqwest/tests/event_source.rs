//! The source over a client of reqwest, against scripted servers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Client, RequestBuilder, redirect::Policy};
use sse_reqwest::{
    BlockingEventSource, BuildError, ClientConfig, Disconnect, EventSource, Interrupted, Notice,
    RequestBuilderExt,
};
use sse_testkit::{ScriptedServer, Step};

#[tokio::test]
async fn id_is_kept_over_a_connection_without_one() {
    let scripts = [stream("id: 1\ndata: a\n\n"), stream("data: b\n\n"), answer("204 No Content")];
    let server = ScriptedServer::start(scripts).await;

    let seen =
        all(source(client().get(server.url("/stream?q")).header("user-agent", "test"))).await;

    let again = "again: the stream ended";
    assert_eq!(seen, ["open", "a", again, "open", "b", again]);
    let requests = server.requests();
    let ids: Vec<_> = requests.iter().map(|request| request.field("last-event-id")).collect();
    assert_eq!(ids, [None, Some("1"), Some("1")]);
    for request in &requests {
        assert!(request.head.starts_with("GET /stream?q HTTP/1.1\r\n"), "{}", request.head);
        assert_eq!(request.field("accept"), Some("text/event-stream"));
        assert_eq!(request.field("user-agent"), Some("test"));
    }
}

#[tokio::test]
async fn post_is_sent_with_its_body_and_not_again() {
    let head = [Step::ExpectHead, Step::ExpectBody, Step::stream_head(), Step::send("data: a\n\n")];
    let server = ScriptedServer::start([head.to_vec()]).await;

    let seen = all(source(client().post(server.url("/")).body("ask"))).await;

    assert_eq!(seen, ["open", "a"]);
    assert_eq!(server.requests()[0].body, b"ask");
}

#[tokio::test]
async fn redirects_are_followed_by_the_client_or_by_the_source() {
    for policy in [Policy::default(), Policy::none()] {
        let redirect = vec![Step::ExpectHead, Step::redirect(307, "/next"), Step::Close];
        let server = ScriptedServer::start([redirect, stream("data: a\n\n")]).await;
        let client = Client::builder().no_proxy().redirect(policy).build().unwrap();

        let seen: Vec<_> = source(client.get(server.url("/"))).take(2).map(show).collect().await;

        assert_eq!(seen, ["open", "a"]);
        assert!(server.requests()[1].head.starts_with("GET /next "));
    }
}

#[tokio::test]
async fn source_knows_where_the_client_was_redirected_to() {
    let redirect = vec![Step::ExpectHead, Step::redirect(307, "/next"), Step::Close];
    let server = ScriptedServer::start([redirect, stream("data: a\n\n")]).await;
    let mut source = source(client().get(server.url("/")));

    assert_eq!(show(source.next().await.unwrap()), "open");

    assert_eq!(source.current_uri().to_string(), server.url("/next"));
    assert_eq!(source.uri().to_string(), server.url("/"));
}

#[tokio::test]
async fn post_that_a_server_has_redirected_is_not_sent_to_it_again() {
    let gone = ScriptedServer::start([]).await;
    let script = vec![Step::ExpectHead, Step::redirect(307, &gone.url("/")), Step::Close];
    let server = ScriptedServer::start([script.clone(), script]).await;
    drop(gone);

    let seen = all(source(client().post(server.url("/")).body("ask"))).await;

    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn timeout_of_the_request_is_kept() {
    let server = ScriptedServer::start([vec![Step::ExpectHead, Step::Hold]]).await;
    let request = client().post(server.url("/")).timeout(Duration::from_millis(50));

    let seen = all(source(request)).await;

    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].starts_with("gave up: "), "{seen:?}");
}

#[tokio::test]
async fn connection_that_is_refused_is_no_request_that_was_sent() {
    let server = ScriptedServer::start([]).await;
    let url = server.url("/");
    drop(server);
    let config = ClientConfig::default().with_reconnection_time(Duration::from_millis(1));
    let request = client().get(url).event_source().unwrap();
    let mut source = request.with_config(config.with_max_retries(1)).build().unwrap();

    let first = source.next().await.unwrap();
    let last = source.next().await.unwrap().unwrap_err();

    let Ok(Notice::Reconnecting { because, .. }) = first else { panic!("{first:?}") };
    assert_eq!(*because.disconnect(), Disconnect::Unreachable);
    assert!(matches!(last.disconnect(), Disconnect::GaveUp { .. }), "{last}");
    assert!(source.next().await.is_none());
}

#[tokio::test]
async fn dropping_it_closes_the_connection() {
    let held = [stream("data: a\n\n"), vec![Step::Hold]].concat();
    let server = ScriptedServer::start([held]).await;
    let mut source = source(client().get(server.url("/")));
    assert_eq!(show(source.next().await.unwrap()), "open");

    drop(source);

    server.until_departures(1).await;
}

#[tokio::test]
async fn server_that_refuses_for_now_is_waited_for() {
    let body = "event: sse.refused\nretry: 1\ndata: {\"status\":423}\n\n";
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nSse-Refused: 423\r\n\r\n";
    let refused = vec![Step::ExpectHead, Step::send(format!("{head}{body}"))];
    let opened = stream("event: sse.open\nretry: 1\ndata: {}\n\ndata: a\n\n");
    let server = ScriptedServer::start([refused, opened, answer("204 No Content")]).await;

    let mut seen = all(source(client().get(server.url("/")))).await;

    seen.retain(|notice| !notice.starts_with("Retry"));
    let again = "again: the server refused for now: 423 Locked";
    assert_eq!(seen, [again, "open", "a", "again: the stream ended"]);
}

#[tokio::test]
async fn answer_that_is_no_http_is_told_in_words() {
    let html = "The plain HTTP request was sent to HTTPS port";
    for (answer, reason) in [
        (
            Step::send(b"\x15\x03\x03\x00\x02\x02\x28"),
            "the connection failed: the answer is no HTTP: if the server speaks TLS on this port, \
             use https://",
        ),
        (
            Step::response("400 Bad Request", html),
            "the server answered 400 Bad Request: the server speaks TLS on this port: use https://",
        ),
    ] {
        let server = ScriptedServer::start([vec![Step::ExpectHead, answer]]).await;
        let config = ClientConfig::default().with_initial_retry(false);
        let request = client().get(server.url("/")).event_source().unwrap();

        let seen = all(request.with_config(config).build().unwrap()).await;

        assert_eq!(seen, [format!("gave up: {reason}")]);
    }
}

#[test]
fn it_is_an_iterator_without_a_runtime_of_the_callers() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scripts = [stream("data: a\n\n"), answer("204 No Content")];
    let server = runtime.block_on(ScriptedServer::start(scripts));

    let source = source(client().get(server.url("/")));
    let seen: Vec<_> = BlockingEventSource::new(source).unwrap().map(show).collect();

    assert_eq!(seen, ["open", "a", "again: the stream ended"]);
}

#[tokio::test]
async fn what_is_secret_stays_at_home_where_the_source_follows() {
    let elsewhere = ScriptedServer::start([stream("data: a\n\n")]).await;
    let script = vec![Step::ExpectHead, Step::redirect(307, &elsewhere.url("/")), Step::Close];
    let server = ScriptedServer::start([script]).await;

    let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let request = client
        .get(server.url("/"))
        .bearer_auth("token")
        .header("x-api-key", "secret")
        .header("accept-language", "de");

    let seen: Vec<_> = source(request).take(2).map(show).collect().await;

    assert_eq!(seen, ["open", "a"]);
    assert_eq!(server.requests()[0].field("x-api-key"), Some("secret"));
    let redirected = &elsewhere.requests()[0];
    assert_eq!(redirected.field("x-api-key"), None);
    assert_eq!(redirected.field("authorization"), None);
    assert_eq!(redirected.field("accept-language"), Some("de"));
}

#[tokio::test]
async fn request_is_named_by_itself_or_by_its_client() {
    for (of_client, of_request, expected) in [
        (None, &[][..], None),
        (Some("client/1"), &[], Some("client/1")),
        (Some("client/1"), &["request/1"], Some("request/1")),
        (None, &["request/1", "request/2"], Some("request/2")),
    ] {
        let server = ScriptedServer::start([answer("204 No Content")]).await;
        let mut client = Client::builder().no_proxy();
        if let Some(name) = of_client {
            client = client.user_agent(name);
        }
        let mut request = client.build().unwrap().get(server.url("/"));
        for name in of_request {
            request = request.header("user-agent", *name);
        }

        all(source(request)).await;

        let head = &server.requests()[0].head;
        let names = head.lines().filter_map(|line| line.strip_prefix("user-agent: "));
        assert!(names.eq(expected), "{of_client:?} {of_request:?}: {head}");
    }
}

#[tokio::test]
async fn what_the_request_says_counts_before_the_user_in_its_address() {
    for is_said in [false, true] {
        let server = ScriptedServer::start([answer("204 No Content")]).await;
        let request = client().get(format!("http://me:secret@{}/", server.addr()));
        let request = if is_said { request.bearer_auth("token") } else { request };

        all(source(request)).await;

        let head = &server.requests()[0].head;
        let said: Vec<_> =
            head.lines().filter_map(|line| line.strip_prefix("authorization: ")).collect();
        let expected = if is_said { "Bearer token" } else { "Basic bWU6c2VjcmV0" };
        assert_eq!(said, [expected]);
        assert!(!head.contains('@'), "{head}");
    }
}

#[tokio::test]
async fn client_that_is_told_so_reads_long_heads_and_trailers() {
    let fields = |count| (0..count).map(|number| format!("x{number}: v\r\n")).collect::<String>();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{}X-Folded: a\r\n b\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        fields(150)
    );
    let end = format!("0\r\n{}\r\n", fields(200));
    let script = [Step::ExpectHead, Step::send(head), Step::chunk("data: a\n\n"), Step::send(end)];
    let server = ScriptedServer::start([script.to_vec()]).await;
    let client = Client::builder()
        .no_proxy()
        .http1_max_headers(1_000)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .build()
        .unwrap();

    let seen: Vec<_> = source(client.get(server.url("/"))).take(3).map(show).collect().await;

    assert_eq!(seen, ["open", "a", "again: the stream ended"]);
}

#[test]
fn method_whose_answers_have_no_body_is_refused() {
    let refused = client().head("http://a.example/").event_source().unwrap().build().unwrap_err();

    assert!(matches!(refused, BuildError::Method { .. }), "{refused}");
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

fn source(request: RequestBuilder) -> EventSource {
    let config = ClientConfig::default().with_reconnection_time(Duration::from_millis(1));
    request.event_source().unwrap().with_config(config).build().unwrap()
}

async fn all(source: EventSource) -> Vec<String> {
    source.map(show).collect().await
}

fn show(item: Result<Notice, Interrupted>) -> String {
    match item {
        Ok(Notice::Open) => "open".to_owned(),
        Ok(Notice::Event(event)) => event.data().to_owned(),
        Ok(Notice::Reconnecting { because, .. }) => format!("again: {because}"),
        Ok(other) => format!("{other:?}"),
        Err(gave_up) => format!("gave up: {gave_up}"),
    }
}

fn stream(events: &str) -> Vec<Step> {
    vec![Step::ExpectHead, Step::stream_head(), Step::send(events)]
}

fn answer(status: &str) -> Vec<Step> {
    vec![Step::ExpectHead, Step::response(status, "")]
}
