//! A route of one's own, `/own`, that listens on the channel `own` by the adapter's `respond`: all that the
//! path of the protocol does that listens.

use sse_core::{HubConfig, history::History};

use crate::{Listener, Setup, Target, contract::expect, head};

/// The head, and the block that comes with it, are those of the path of the protocol, whatever is asked.
pub async fn it_answers_as_the_path_of_the_protocol_does(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let mut ids = Vec::new();
    for data in ["1", "2", "3"] {
        let response = target.post("ping", "own", data).await;
        ids.push(response.head.field("sse-id").expect("it remembers").to_owned());
    }

    let back = format!("?last_event_id={}", ids[0]);
    for (query, fields) in [
        ("", &[][..]),
        ("?since=earliest", &[]),
        ("?since=1", &[]),
        (&back, &[]),
        ("", &[("Last-Event-ID", &*ids[1])]),
        ("?since=earliest", &[("Last-Event-ID", "junk")]),
        ("", &[("Origin", "https://app.example")]),
        ("?since=junk", &[]),
        ("", &[("Sec-Fetch-Site", "cross-site")]),
        ("", &[("Origin", "https://other.example")]),
    ] {
        for method in ["GET", "HEAD"] {
            let own = answer(&target, method, &format!("/own{query}"), fields).await;
            let path = format!("/poll/own{query}");
            let listened = answer(&target, method, &path, fields).await;
            assert_eq!(own, listened, "{method} {query} {fields:?}");
        }
    }
}

/// Who listens there is a listener like any other.
pub async fn what_is_published_arrives_there(start: impl AsyncFn(Setup) -> Target) {
    let target = start(routed()).await;
    let mut listener = target.listen_at("/own").await.opened().await;

    target.publish("ping", "own", "hi").await;
    listener.expect("event: ping\ndata: hi\n\n").await;

    target.publish("close", "own", "").await;
    listener.expect_end().await;
}

/// "The channel is exclusive and someone listens": 423, and a browser is told in a stream.
pub async fn a_taken_channel_is_refused_there(start: impl AsyncFn(Setup) -> Target) {
    let target = start(routed()).await;
    let _listener = target.listen("own").await;

    let refused = target.get("/own").await;
    expect::refusal(&refused, "423: Locked", "Target is already connected");

    let browser = [("Accept", "text/event-stream"), ("Sec-Fetch-Mode", "cors")];
    let told = target.exchange(head("GET", "/own", &browser)).await;
    assert_eq!((told.status(), told.head.field("sse-refused")), (200, Some("423")));
    assert!(told.text().starts_with("event: sse.refused\nretry: "), "{told:?}");
}

/// "An end that has already arrived always counts."
pub async fn a_get_right_after_a_close_is_never_423_there(start: impl AsyncFn(Setup) -> Target) {
    let target = start(routed()).await;

    for round in 0..50 {
        let mut listener = target.listen_at("/own").await.opened().await;
        target.publish("ping", "own", round.to_string()).await;
        listener.expect(&format!("event: ping\ndata: {round}\n\n")).await;
    }
}

/// It only listens: other methods are 405, and a preflight is answered.
pub async fn other_methods_are_refused_there(start: impl AsyncFn(Setup) -> Target) {
    let target = start(routed()).await;
    let _listener = target.listen("own").await;

    for method in ["POST", "PUT", "DELETE"] {
        let refused = target.exchange(head(method, "/own", &[("Content-Length", "0")])).await;
        assert_eq!((refused.status(), refused.head.field("allow")), (405, Some("GET, HEAD")));
    }
    let fields = [
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "last-event-id"),
    ];
    let told = target.exchange(head("OPTIONS", "/own", &fields)).await;
    assert_eq!((told.status(), told.text()), (204, ""));
    assert_eq!(told.head.field("access-control-allow-methods"), Some("GET"));
    assert_eq!(told.head.field("access-control-allow-origin"), Some("https://app.example"));
}

/// A client of HTTP/1.0 knows no chunks: its stream ends with the connection.
pub async fn http_1_0_can_listen_there(start: impl AsyncFn(Setup) -> Target) {
    let target = start(routed()).await;
    let mut connection = target.connect().await;
    connection.send("GET /own HTTP/1.0\r\n\r\n").await;
    let head = connection.head().await;
    assert_eq!((head.status, head.field("transfer-encoding")), (200, None));
    let mut listener = Listener::new(connection, head).opened().await;

    target.publish("ping", "own", "hi").await;
    listener.expect("event: ping\ndata: hi\n\n").await;

    target.publish("close", "own", "").await;
    listener.expect_end().await;
}

/// The status and the fields of the answer, and the first block of a stream.
async fn answer(
    target: &Target,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> (u16, Vec<String>, Option<String>) {
    let mut connection = target.connect().await;
    connection.send(head(method, path, fields)).await;
    let head = connection.head().await;
    let (status, said) = (head.status, expect::unframed(&head));
    let block = match (method, status) {
        ("GET", 200) => Some(Listener::new(connection, head).block().await),
        _ => None,
    };
    (status, said, block)
}

fn routed() -> Setup {
    Setup {
        own_route: true,
        allow_origins: vec!["https://app.example".to_owned()],
        ..Setup::default()
    }
}

fn remembering() -> Setup {
    let remember = |config: HubConfig| config.with_history(History::new(42));
    Setup { hub: remember, ..routed() }
}
