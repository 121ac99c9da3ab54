//! "Order of refusals": host, other site, path, method, access, and only then what is known of a channel.

use sse_core::{GatewayConfig, HubConfig, gateway::Hosts};

use super::{
    answer::{Answer, Asked, ask, forbidden, invalid, needed},
    guarded, listen_as, remembering,
};
use crate::{Setup, Target, chunked_head, post_head};

/// "`Host` 400/403, other site 403, path 400, 405, access 401/403", each with everything behind it wrong too.
pub async fn what_comes_first_is_said(start: impl AsyncFn(Setup) -> Target) {
    let here = |config: GatewayConfig| {
        config.with_hosts(Hosts::default().with_host("test").expect("it is a name"))
    };
    let target = start(Setup { gateway_config: here, ..remembering() }).await;
    for (request, status, text) in [
        ("POST /a/b/c HTTP/1.1\r\nSec-Fetch-Site: cross-site", "400", ""),
        ("POST /a/b/c HTTP/1.1\r\nHost: evil\r\nSec-Fetch-Site: cross-site", "403", "Host evil"),
        ("GET /poll/news HTTP/1.1\r\nHost: evil\r\nAuthorization: Bearer both", "403", "Host evil"),
        (
            "POST /ping/news HTTP/1.1\r\nHost: evil\r\nAuthorization: Bearer both",
            "403",
            "Host evil",
        ),
        ("POST /ticket/news HTTP/1.1\r\nHost: evil", "403", "Host evil"),
        ("PUT /a/b/c HTTP/1.1\r\nHost: evil", "403", "Host evil"),
        ("OPTIONS /poll/news HTTP/1.1\r\nHost: evil", "403", "Host evil"),
        (
            "POST /a/b/c HTTP/1.1\r\nHost: test\r\nSec-Fetch-Site: cross-site",
            "403",
            "Pages of other",
        ),
        ("POST /ping/news HTTP/1.1\r\nHost: test\r\nOrigin: http://a", "403", "Pages of other"),
        ("GET /poll/news HTTP/1.1\r\nHost: test\r\nOrigin: http://a", "403", "Pages of other"),
        ("POST /ticket/news HTTP/1.1\r\nHost: test\r\nOrigin: http://a", "403", "Pages of other"),
        ("GET /poll/a/b HTTP/1.1\r\nHost: test", "400", "Path is not"),
        ("POST /ping/ HTTP/1.1\r\nHost: test", "400", "Token is not valid"),
        ("POST /ticket/%zz HTTP/1.1\r\nHost: test", "400", "A % in the path"),
        ("GET /poll/%0a HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer junk", "400", "Token"),
        ("PUT /ping/news HTTP/1.1\r\nHost: test", "405", "Method"),
        ("DELETE /poll/news HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer junk", "405", "Method"),
        ("OPTIONS /poll/news HTTP/1.1\r\nHost: test", "405", "Method"),
        ("POST / HTTP/1.1\r\nHost: test", "405", "Method"),
        ("GET /poll/news HTTP/1.1\r\nHost: test", "401", "Credentials are needed"),
        ("GET / HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer junk", "200", ""),
        ("GET /other/news HTTP/1.1\r\nHost: test", "301", ""),
    ] {
        let request = format!("{request}\r\nContent-Length: 0\r\n\r\n");
        let answer = target.exchange(&request).await;
        assert_eq!(answer.status().to_string(), status, "{request:?}: {answer:?}");
        assert!(answer.text().contains(text), "{request:?}: {answer:?}");
    }
}

/// "Access 401/403, 404, 415, 413/503, 408, 400/422": nothing that is wrong with a request is told before.
pub async fn nothing_is_told_before_access(start: impl AsyncFn(Setup) -> Target) {
    let small = |target: Setup| Setup { max_body: 10, ..target };
    let (plain, remembering) = (start(small(guarded())).await, start(small(remembering())).await);
    let wrong = |name: &'static str, value: &'static str| vec![(name, value)];
    for (line, fields, permitted) in [
        ("POST /ping/news", vec![], "404"),
        ("POST /pong/news", vec![], "404"),
        ("POST /poll/news", vec![], "404"),
        ("POST /ping/news", wrong("Content-Type", "text/plain; charset=utf-16"), "404 415"),
        ("POST /ping/news", wrong("Content-Encoding", "gzip"), "404 415"),
        ("POST /ping/news", wrong("Content-Length", "11"), "404 413"),
        ("POST /ping/news", wrong("Idempotency-Key", ""), "404 400"),
        ("POST /ping/news", vec![("Idempotency-Key", "1"), ("Idempotency-Key", "2")], "404 400"),
        ("GET /poll/news?since=junk", vec![], "200 400"),
    ] {
        let (first, second) = permitted.split_once(' ').unwrap_or((permitted, ""));
        for (target, status) in [(&plain, first), (&remembering, second)] {
            for (who, expected) in
                [("", needed()), ("Bearer junk", invalid()), ("Bearer nobody", forbidden())]
            {
                let by = [("Authorization", who)];
                let by = if who.is_empty() { &[][..] } else { &by };
                let answer = ask(target, &Asked::new(line, &[&fields, by].concat())).await;
                assert_eq!(answer, expected, "{line} {fields:?} {who:?}");
            }
            let both = [&fields[..], &[("Authorization", "Bearer both")]].concat();
            let answer = ask(target, &Asked::new(line, &both)).await;
            let known = status.is_empty() || answer.status.to_string() == status;
            assert!(known, "{status} {line} {fields:?}: {answer:?}");
        }
    }
}

/// "423, 503": of a channel that is taken, and of a server that is full or ends, nobody is told either.
pub async fn a_taken_channel_and_a_full_server_are_told_behind_access(
    start: impl AsyncFn(Setup) -> Target,
) {
    let full = |hub: HubConfig| hub.with_max_listeners(1).with_max_channels(1);
    let target = start(Setup { hub: full, ..guarded() }).await;
    let _holder = listen_as(&target, "both", "news").await;
    let hub = target.gateway().hub().clone();
    for (is_ending, own, other) in [(false, 423, 503), (true, 503, 503)] {
        if is_ending {
            hub.shutdown().wake();
        }
        for (line, status) in [("GET /poll/news", own), ("GET /poll/room:7", other)] {
            for fields in [&[][..], &BROWSER] {
                assert_eq!(status_of(&target, line, fields, "both").await, status, "{line}");
                assert_eq!(status_of(&target, line, fields, "nobody").await, 403, "{line}");
                assert_eq!(status_of(&target, line, fields, "junk").await, 401, "{line}");
            }
        }
    }
}

/// A refusal does not wait for the body.
pub async fn a_refusal_does_not_wait_for_the_body(start: impl AsyncFn(Setup) -> Target) {
    let target = start(guarded()).await;
    for unfinished in [post_head("/ping/news", 1 << 20), chunked_head("/ping/news")] {
        let mut connection = target.connect().await;
        connection.send(unfinished).await;
        assert_eq!(connection.response().await.status(), 401);
    }
}

/// The status of the refusal, also where an `EventSource` is told it in a stream.
async fn status_of(target: &Target, line: &str, fields: &[(&str, &str)], who: &str) -> u16 {
    let by = format!("Bearer {who}");
    let fields = [fields, &[("Authorization", &*by)]].concat();
    let answer: Answer = ask(target, &Asked::new(line, &fields)).await;
    let told = answer.field("sse-refused").map(|status| status.parse().expect("a status"));
    assert_eq!(told.is_some(), answer.status == 200, "{answer:?}");
    told.unwrap_or(answer.status)
}

const BROWSER: [(&str, &str); 3] = [
    ("Accept", "text/event-stream"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Site", "same-origin"),
];
