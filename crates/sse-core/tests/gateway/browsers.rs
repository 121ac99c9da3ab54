//! What an `EventSource` is told that cannot listen now, and what all browsers are told.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use sse_core::{Gateway, GatewayConfig, HubConfig, StringFormat, Token, gateway::Cors};

use crate::support::{ask, ask_with, epoch, gateway};

const EVENT_SOURCE: [(&str, &str); 3] =
    [("host", "here"), ("accept", "text/event-stream"), ("sec-fetch-mode", "cors")];
const PROGRAM: [(&str, &str); 2] = [("host", "here"), ("accept", "text/event-stream")];

/// The reconnection time of a refusal that is told in a stream.
fn told(response: &Response<Bytes>, status: u16) -> Duration {
    assert_eq!(response.status(), StatusCode::OK, "{response:?}");
    let headers = response.headers();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["sse-refused"], status.to_string());
    let body = str::from_utf8(response.body()).unwrap();
    let retry = body
        .strip_prefix("event: sse.refused\nretry: ")
        .and_then(|rest| rest.strip_suffix(&format!("\ndata: {{\"status\":{status}}}\n\n")))
        .unwrap_or_else(|| panic!("{body:?}"));
    Duration::from_millis(retry.parse().unwrap())
}

/// Many are refused: each draws a time of its own between `least` and `most`.
fn spread(gateway: &Gateway, status: u16, least: Duration, most: Duration) {
    let drawn: Vec<_> = (0..100)
        .map(|_| told(&ask_with(gateway, "GET", "/poll/42", &EVENT_SOURCE), status))
        .collect();
    assert!(drawn.iter().all(|retry| (least..=most).contains(retry)), "{drawn:?}");
    let middle = least + (most - least) / 2;
    let early = drawn.iter().filter(|&&retry| retry < middle).count();
    assert!((40..=60).contains(&early), "{drawn:?}");
}

#[test]
fn a_taken_token_is_told_in_a_stream() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let _holder = gateway.hub().subscribe(&Token::new("42").unwrap(), epoch()).unwrap();

    spread(&gateway, 423, Duration::from_secs(3), Duration::from_secs(10));
    assert_eq!(ask_with(&gateway, "GET", "/poll/42", &PROGRAM).status(), StatusCode::LOCKED);
    let head = ask_with(&gateway, "HEAD", "/poll/42", &EVENT_SOURCE);
    assert_eq!(
        (head.status(), &head.headers()["sse-refused"]),
        (StatusCode::OK, &"423".parse().unwrap())
    );
}

#[test]
fn a_full_server_is_told_in_a_stream() {
    let gateway = gateway(HubConfig::new(StringFormat).with_max_listeners(0));

    spread(&gateway, 503, Duration::from_secs(15), Duration::from_secs(60));
    let refused = ask_with(&gateway, "GET", "/poll/42", &PROGRAM);
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "5");
}

#[test]
fn a_drain_is_told_in_a_stream_with_what_is_left_of_it() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let window = Duration::from_secs(100);
    gateway.hub().drain(window, epoch() - window / 2).wake();

    let slack = Duration::from_secs(20);
    spread(&gateway, 503, window / 2 - slack, window / 2 + window);
    let refused = ask_with(&gateway, "GET", "/poll/42", &PROGRAM);
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((30..=150).contains(&seconds), "{seconds}");
}

#[test]
fn a_shutdown_is_told_in_a_stream() {
    let gateway = gateway(HubConfig::new(StringFormat));
    gateway.hub().shutdown().wake();

    spread(&gateway, 503, Duration::from_secs(3), Duration::from_secs(10));
}

#[test]
fn an_end_is_an_end_for_browsers_too() {
    let config = HubConfig::new(StringFormat).with_closed_ttl(Some(Duration::from_secs(60)));
    let gateway = gateway(config);
    let token = Token::new("42").unwrap();
    let _listener = gateway.hub().subscribe(&token, epoch()).unwrap();
    gateway.hub().publish(&token, "close", b"", epoch()).unwrap().wake();

    let over = ask_with(&gateway, "GET", "/poll/42", &EVENT_SOURCE);

    assert_eq!(over.status(), StatusCode::NO_CONTENT);
    assert_eq!(over.headers()["cache-control"], "no-store");
    assert_eq!(over.headers()["x-content-type-options"], "nosniff");
}

#[test]
fn a_refusal_that_will_not_pass_has_its_status() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let fields = [&EVENT_SOURCE[..], &[("sec-fetch-site", "cross-site")]].concat();

    assert_eq!(ask_with(&gateway, "GET", "/poll/42", &fields).status(), StatusCode::FORBIDDEN);
    assert_eq!(
        ask_with(&gateway, "GET", "/poll/", &EVENT_SOURCE).status(),
        StatusCode::BAD_REQUEST
    );
}

#[test]
fn no_answer_is_taken_for_another_type_and_no_page_is_framed() {
    let gateway = gateway(HubConfig::new(StringFormat));
    for (method, path, is_html) in [
        ("GET", "/", true),
        ("GET", "/poll/42", false),
        ("GET", "/ping/42", false),
        ("POST", "/ping/42", true),
        ("GET", "/not-a-path", true),
        ("PUT", "/ping/42", true),
    ] {
        let answer = ask(&gateway, method, path);
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{method} {path}");
        let policy = answer.headers().get("content-security-policy");
        let is_guarded = policy
            .is_some_and(|policy| policy.to_str().unwrap().contains("frame-ancestors 'none'"));
        assert_eq!(is_guarded, is_html, "{method} {path}");
        if path != "/" {
            let cache = answer.headers()["cache-control"].to_str().unwrap();
            assert!(cache.starts_with("no-"), "{method} {path}: {cache}");
        }
    }
}

#[test]
fn pages_of_allowed_origins_can_read_that_they_were_refused() {
    let hub = sse_core::Hub::new(HubConfig::new(StringFormat).with_max_listeners(0));
    let cors = Cors::new(["https://app.example"]).unwrap();
    let gateway = Gateway::new(hub, GatewayConfig::default().with_cors(cors));
    let fields = [&EVENT_SOURCE[..], &[("origin", "https://app.example")]].concat();

    let answer = ask_with(&gateway, "GET", "/poll/42", &fields);

    told(&answer, 503);
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://app.example");
    let exposed = answer.headers()["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("Sse-Refused"), "{exposed}");
}
