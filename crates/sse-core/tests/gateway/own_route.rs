//! A route of one's own that listens: all that the path of the protocol that listens does, on any path.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, request::Parts};
use sse_core::{
    Event, Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token,
    gateway::{Cors, Handled, Hosts},
    history::History,
};

use crate::support::{answer, assert_error_page, epoch};

#[test]
fn it_answers_as_the_path_that_listens_does() {
    let program = ("accept", "text/event-stream");
    let browser = ("sec-fetch-mode", "cors");
    for query in ["", "?since=earliest", "?since=1", "?since=junk", "?last_event_id=9.k3f9x2q1"] {
        for method in ["GET", "HEAD"] {
            for fields in [
                &[][..],
                &[program],
                &[("last-event-id", "junk")],
                &[("last-event-id", "9.k3f9x2q1"), ("origin", "http://app.example")],
                &[("origin", "http://app.example")],
                &[("origin", "http://evil.example")],
                &[("sec-fetch-site", "cross-site"), browser, program],
                &[("sec-fetch-site", "same-origin"), browser, program],
                &[("host", "evil.example")],
                &[("host", "two words")],
            ] {
                for is_taken in [false, true] {
                    let case = format!("{method} {query} {fields:?}, taken: {is_taken}");
                    let own = ask(is_taken, method, &format!("/mine{query}"), fields, own_route);
                    let path = format!("/poll/alice{query}");
                    let listed = ask(is_taken, method, &path, fields, poll);
                    assert_eq!(own.0, listed.0, "{case}");
                    // Each browser is told a time of its own.
                    if !own.0.contains("sse-refused") {
                        assert_eq!(own.1, listed.1, "{case}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_path_does_not_matter() {
    for path in ["/", "/poll/bob", "/ping/bob", "/a/b/c", "/%zz/%"] {
        let gateway = gateway();
        let request = parts("GET", path, &[]);

        let listening = gateway.listen(&alice(), &request, epoch());

        let Handled::Listen(_) = &listening else { panic!("{path}: {listening:?}") };
        assert_eq!(answer(listening).status(), StatusCode::OK, "{path}");
    }
}

#[test]
fn nothing_is_published_by_it() {
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "X"] {
        let gateway = Gateway::new(Hub::new(config()), GatewayConfig::default());
        let _listener = gateway.hub().subscribe(&alice(), epoch()).unwrap();

        let refused = answer(gateway.listen(&alice(), &parts(method, "/ping/alice", &[]), epoch()));

        assert_eq!(refused.headers()["allow"], "GET, HEAD", "{method}");
        let text = "405: Method is not allowed";
        assert_error_page(&refused, "405: Method Not Allowed", text);
    }
}

#[test]
fn a_page_of_an_allowed_origin_may_ask_what_it_may_send() {
    let gateway = gateway();
    let asked = ("access-control-request-headers", "last-event-id, authorization");

    let fields = [("origin", "http://app.example"), asked];
    let told = answer(gateway.listen(&alice(), &parts("OPTIONS", "/mine", &fields), epoch()));
    let other = [("origin", "http://evil.example"), asked];
    let refused = answer(gateway.listen(&alice(), &parts("OPTIONS", "/mine", &other), epoch()));

    assert_eq!(told.status(), StatusCode::NO_CONTENT);
    assert_eq!(told.headers()["access-control-allow-methods"], "GET");
    assert_eq!(told.headers()["access-control-allow-origin"], "http://app.example");
    let names = "content-type, last-event-id, idempotency-key, authorization";
    assert_eq!(told.headers()["access-control-allow-headers"], names);
    assert_eq!(refused.headers().get("access-control-allow-origin"), None);
}

#[test]
fn a_channel_that_is_over_says_so() {
    let ttl = std::time::Duration::from_secs(60);
    let gateway =
        Gateway::new(Hub::new(config().with_closed_ttl(Some(ttl))), GatewayConfig::default());
    gateway.hub().send(&alice(), Event::data("1"), epoch()).unwrap().wake();
    gateway.hub().close(&alice(), epoch()).unwrap().wake();

    let over = answer(gateway.listen(&alice(), &parts("GET", "/mine", &[]), epoch()));

    assert_eq!(over.status(), StatusCode::NO_CONTENT);
}

type Route = fn(&Gateway, &Parts) -> Handled;

/// The status and the headers, and the body, of what a gateway in a fixed state answers.
fn ask(
    is_taken: bool,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    route: Route,
) -> (String, Bytes) {
    let gateway = gateway();
    let hub = gateway.hub();
    hub.send_all(&alice(), ["1", "2"].map(Event::data), epoch()).unwrap().wake();
    let _holder = is_taken.then(|| hub.subscribe(&alice(), epoch()).unwrap());
    let response: Response<Bytes> = answer(route(&gateway, &parts(method, path, fields)));
    let (head, body) = response.into_parts();
    (format!("{} {:?}", head.status, head.headers), body)
}

fn poll(gateway: &Gateway, parts: &Parts) -> Handled {
    gateway.handle(parts, epoch())
}

fn own_route(gateway: &Gateway, parts: &Parts) -> Handled {
    gateway.listen(&alice(), parts, epoch())
}

fn gateway() -> Gateway {
    let hosts = Hosts::default().with_host("test").unwrap();
    let cors = Cors::new(["http://app.example"]).unwrap();
    Gateway::new(Hub::new(config()), GatewayConfig::default().with_hosts(hosts).with_cors(cors))
}

fn config() -> HubConfig {
    HubConfig::new(StringFormat).with_history(History::new(42))
}

fn alice() -> Token {
    Token::new("alice").unwrap()
}

fn parts(method: &str, path: &str, fields: &[(&str, &str)]) -> Parts {
    let method: Method = method.parse().unwrap();
    let mut request = Request::builder().method(method).uri(path);
    if !fields.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "test");
    }
    for &(name, value) in fields {
        request = request.header(name, value);
    }
    request.body(()).unwrap().into_parts().0
}
