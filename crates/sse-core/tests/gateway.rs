//! The gateway: every row of the protocol's tables of routes, answers and event formats.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    task::Waker,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use sse_core::{
    Action, ActionSet, Admitted, Counter, Format, Gateway, GatewayConfig, GatewayError, Handled,
    Hub, HubConfig, JsonFormat, KEEPALIVE, Output, Permit, StringFormat, Subscriber,
};

#[test]
fn every_route_answers_as_its_row_says() {
    for (method, path, status) in [
        ("GET", "/poll/42", 200),
        ("HEAD", "/poll/42", 200),
        ("GET", "/poll/42?last_event_id=1&x", 200),
        ("GET", "/poll/42:42;a=b.c%20d", 200),
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/?x", 200),
        ("GET", "/ping/42", 301),
        ("GET", "/Poll/42", 301),
        ("HEAD", "/anything/42", 301),
        ("POST", "/ping/42", 404),
        ("POST", "/close/42", 404),
        ("POST", "/poll/42", 404),
        ("POST", "/", 405),
        ("PUT", "/poll/42", 405),
        ("DELETE", "/", 405),
        ("OPTIONS", "/poll/42", 405),
        ("PATCH", "/a/b/c", 405),
        ("GET", "/poll", 400),
        ("GET", "/poll/", 400),
        ("GET", "//42", 400),
        ("GET", "/poll/42/", 400),
        ("GET", "/poll/4/2", 400),
        ("POST", "/ping", 400),
        ("POST", "/ping/4/2", 400),
    ] {
        let gateway = gateway(HubConfig::new(StringFormat));

        assert_eq!(ask(&gateway, method, path).status(), status, "{method} {path}");
    }
}

#[test]
fn other_methods_are_told_what_is_allowed() {
    let gateway = gateway(HubConfig::new(StringFormat));
    for (method, path, allow) in [
        ("PUT", "/poll/42", "GET, HEAD, POST"),
        ("OPTIONS", "/ping/42", "GET, HEAD, POST"),
        ("POST", "/", "GET, HEAD"),
        ("DELETE", "/", "GET, HEAD"),
    ] {
        let response = ask(&gateway, method, path);

        assert_eq!(response.headers()["allow"], allow, "{method} {path}");
    }
}

#[test]
fn tokens_are_decoded_after_the_split_and_checked() {
    for (segment, token) in [
        ("a%2Fb", Some("a/b")),
        ("a+b", Some("a+b")),
        ("42:42:42;x=y.z", Some("42:42:42;x=y.z")),
        ("%C3%A9", Some("é")),
        ("%c3%a9", Some("é")),
        ("%20", Some(" ")),
        ("%25", Some("%")),
        ("%", None),
        ("%4", None),
        ("%4g", None),
        ("%+1", None),
        ("a%", None),
        ("%FF", None),
        ("%C3", None),
        ("%00", None),
        ("%0A", None),
        ("%7F", None),
        ("%C2%85", None),
    ] {
        let gateway = gateway(HubConfig::new(StringFormat));
        let answer = listen(&gateway, &format!("/poll/{segment}"));

        match (answer, token) {
            (Ok((_, listener)), Some(token)) => assert_eq!(listener.token().as_str(), token),
            (Err(refusal), None) => assert_eq!(refusal.status(), 400, "{segment}"),
            (answer, _) => panic!("{segment}: {answer:?}"),
        }
    }
}

#[test]
fn tokens_of_256_bytes_are_taken_and_longer_ones_refused_with_the_reason() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (longest, longer) = ("é".repeat(128), "é".repeat(128) + "x");
    let path = |token: &str| {
        token.bytes().fold("/poll/".to_owned(), |path, byte| path + &format!("%{byte:02X}"))
    };

    let (_, listener) = listen(&gateway, &path(&longest)).unwrap();
    let refusal = listen(&gateway, &path(&longer)).unwrap_err();

    assert_eq!(listener.token().as_str(), longest);
    assert_eq!(refusal.status(), 400);
    assert_eq!(
        *refusal.body(),
        "<html><title>400: Bad Request</title><body>400: Token is not valid: the token has 257 \
         bytes, and at most 256 are allowed</body></html>\n",
    );
}

#[test]
fn what_is_wrong_with_a_path_is_said_in_html() {
    let config = GatewayConfig::default().with_prefix("/a&b").unwrap();
    let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);

    let refusal = ask(&gateway, "GET", "/poll/42");

    let text = "400: Path does not begin with /a&amp;b</body>";
    assert!(str::from_utf8(refusal.body()).unwrap().contains(text), "{refusal:?}");
}

#[test]
fn other_gets_are_sent_to_the_root_and_no_cache_keeps_it() {
    for (prefix, path, root) in
        [("", "/ping/42", "/"), ("/events", "/events/x/y", "/events/"), ("/e/", "/e/x/y", "/e/")]
    {
        let config = GatewayConfig::default().with_prefix(prefix).unwrap();
        let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);

        let response = ask(&gateway, "GET", path);

        assert_eq!(response.status(), StatusCode::MOVED_PERMANENTLY);
        assert_eq!(response.headers()["location"], root);
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
}

#[test]
fn prefix_stands_before_every_route() {
    let config = GatewayConfig::default().with_prefix("/events").unwrap();
    let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
    for (path, status) in [
        ("/events/poll/42", 200),
        ("/events/", 200),
        ("/events", 200),
        ("/eventspoll/42", 400),
        ("/poll/42", 400),
        ("/", 400),
    ] {
        assert_eq!(ask(&gateway, "GET", path).status(), status, "{path}");
    }
}

#[test]
fn prefix_that_is_no_path_is_refused() {
    for prefix in ["events", "/a b", "/a?b", "/a#b", "/é", "/a\r\nb"] {
        let refused = GatewayConfig::default().with_prefix(prefix).unwrap_err();

        assert_eq!(refused, GatewayError::Prefix { prefix: prefix.to_owned() });
    }
}

#[test]
fn listening_has_the_head_of_an_event_stream() {
    let gateway = gateway(HubConfig::new(StringFormat));

    let (head, _) = listen(&gateway, "/poll/42").unwrap();

    let headers: Vec<_> =
        head.headers().iter().map(|(name, value)| (name.as_str(), value)).collect();
    assert_eq!(
        headers,
        [
            ("content-type", &"text/event-stream".parse().unwrap()),
            ("cache-control", &"no-cache".parse().unwrap()),
            ("x-accel-buffering", &"no".parse().unwrap()),
        ],
    );
}

#[test]
fn head_of_a_listen_url_answers_like_get_and_takes_nothing() {
    let gateway = gateway(HubConfig::new(StringFormat));

    let free = ask(&gateway, "HEAD", "/poll/42");
    let (head, _listener) = listen(&gateway, "/poll/42").unwrap();
    let taken = ask(&gateway, "HEAD", "/poll/42");

    assert_eq!(free.headers(), head.headers());
    assert_eq!(taken.status(), StatusCode::LOCKED);
}

#[test]
fn second_listener_is_refused_once_50_ms_have_not_freed_the_token() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, listener) = listen(&gateway, "/poll/42").unwrap();
    let start = epoch();
    let Handled::Listen(mut second) = handle(&gateway, "GET", "/poll/42", start) else {
        panic!("the path listens");
    };

    let mut now = start;
    let refusal = loop {
        match second.poll_response(now) {
            Admitted::Wait { until } => {
                assert!(now < until, "waiting goes on");
                now = until;
            }
            Admitted::Refused(refusal) => break refusal,
            other => panic!("{other:?}"),
        }
    };

    assert_eq!(now - start, Duration::from_millis(50));
    assert_eq!(refusal.status(), StatusCode::LOCKED);
    assert_error_page(&refusal, "423: Locked", "423: Target is already connected");
    drop(listener);
}

#[test]
fn token_is_looked_at_again_though_50_ms_passed_at_once() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, listener) = listen(&gateway, "/poll/42").unwrap();
    let start = epoch();
    let Handled::Listen(mut second) = handle(&gateway, "GET", "/poll/42", start) else {
        panic!("the path listens");
    };
    let late = start + Duration::from_secs(1);

    assert!(matches!(second.poll_response(start), Admitted::Wait { .. }));
    assert!(matches!(second.poll_response(late), Admitted::Wait { .. }));
    drop(listener);

    assert!(matches!(second.poll_response(late), Admitted::Stream(_)));
}

#[test]
fn second_listener_is_admitted_if_the_token_becomes_free_meanwhile() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, listener) = listen(&gateway, "/poll/42").unwrap();
    let start = epoch();
    let Handled::Listen(mut second) = handle(&gateway, "GET", "/poll/42", start) else {
        panic!("the path listens");
    };
    let Admitted::Wait { until } = second.poll_response(start) else {
        panic!("someone listens");
    };

    drop(listener);

    assert!(matches!(second.poll_response(until), Admitted::Stream(_)));
}

#[test]
fn refusals_of_a_post_have_the_original_form() {
    let gateway = gateway(HubConfig::new(StringFormat));

    let nobody = post(&gateway, "/ping/42", b"");
    let nobody_and_unknown = post(&gateway, "/nope/42", b"");
    let (_, _listener) = listen(&gateway, "/poll/42").unwrap();
    let unknown = post(&gateway, "/nope/42", b"");
    let case = post(&gateway, "/Ping/42", b"");
    let poll = post(&gateway, "/poll/42", b"");
    let format = post(&gateway, "/ping/42", b"a\xFF");

    assert_error_page(&nobody, "404: Not Found", "404: Target is not connected");
    assert_error_page(&nobody_and_unknown, "404: Not Found", "404: Target is not connected");
    for unknown in [unknown, case, poll] {
        assert_error_page(&unknown, "404: Not Found", "404: Unknown action requested");
    }
    assert_error_page(
        &format,
        "400: Bad Request",
        "400: Data is not properly formatted: <br />not UTF-8 at byte 1",
    );
}

#[test]
fn reason_of_a_format_error_is_escaped() {
    #[derive(Debug)]
    struct Rude;
    impl Format for Rude {
        fn content_type(&self) -> http::HeaderValue {
            StringFormat.content_type()
        }

        fn data(&self, _body: &[u8]) -> Result<String, sse_core::FormatError> {
            Err(sse_core::FormatError::Other("<script>'\"&".into()))
        }
    }
    let gateway = gateway(HubConfig::new(Rude));
    let (_, _listener) = listen(&gateway, "/poll/42").unwrap();

    let refusal = post(&gateway, "/ping/42", b"");

    let text = "400: Data is not properly formatted: <br />&lt;script&gt;&#39;&quot;&amp;";
    assert_error_page(&refusal, "400: Bad Request", text);
}

#[test]
fn body_over_the_limit_is_refused_by_its_length_or_by_counting() {
    let config = GatewayConfig::default().with_max_body(10);
    let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
    let (_, mut listener) = listen(&gateway, "/poll/42").unwrap();

    let request = Request::post("/ping/42").header("content-length", "11").body(()).unwrap();
    let Handled::Respond(by_length) = gateway.handle(&request.into_parts().0, epoch()) else {
        panic!("the length is over the limit");
    };
    let mut counted = permit(&gateway, "/ping/42");
    let within = counted.handle_input(b"0123456789");
    let by_counting = counted.handle_input(b"0").expect("one too many");

    assert!(within.is_none());
    for refusal in [by_length, by_counting] {
        assert_eq!(refusal.status(), 413);
        assert_error_page(&refusal, "413: Payload Too Large", "413: Data is too large");
    }
    assert_eq!(post(&gateway, "/ping/42", b"0123456789").status(), 200);
    assert_eq!(written(&mut listener), "event: ping\ndata: 0123456789\n\n");
}

#[test]
fn nobody_listening_is_said_before_the_body_is_too_large() {
    let config = GatewayConfig::default().with_max_body(10);
    let gateway = Gateway::new(Hub::new(HubConfig::new(StringFormat)), config);
    let request = Request::post("/ping/42").header("content-length", "11").body(()).unwrap();

    let Handled::Respond(refusal) = gateway.handle(&request.into_parts().0, epoch()) else {
        panic!("nobody listens");
    };

    assert_eq!(refusal.status(), 404);
}

#[test]
fn body_that_is_late_is_refused_after_30_s_and_not_before() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, _listener) = listen(&gateway, "/poll/42").unwrap();
    let start = epoch();
    let Handled::Publish(mut permit) = handle(&gateway, "POST", "/ping/42", start) else {
        panic!("someone listens");
    };

    assert_eq!(permit.deadline(), start + Duration::from_secs(30));
    assert!(permit.handle_timeout(start + Duration::from_millis(29_999)).is_none());
    let refusal = permit.handle_timeout(start + Duration::from_secs(30)).expect("it is late");

    assert_error_page(&refusal, "408: Request Timeout", "408: Data did not arrive in time");
}

#[test]
fn verdict_is_that_of_the_moment_of_publication() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, listener) = listen(&gateway, "/poll/42").unwrap();
    let mut permit = permit(&gateway, "/ping/42");
    assert!(permit.handle_input(b"hi").is_none());

    drop(listener);
    let publication = permit.publish(epoch());

    assert!(publication.published.is_none());
    assert_error_page(&publication.response, "404: Not Found", "404: Target is not connected");
}

#[test]
fn every_event_format_has_its_actions_its_accept_and_its_wire_form() {
    let with_retry = || ActionSet::default().with_action("retry", Action::Retry).unwrap();
    let (text, json) = (HubConfig::new(StringFormat), HubConfig::new(JsonFormat));
    let (body, value) = (&b"a\r\nb\rc\nd"[..], &b"{ \"b\": 1.0,\r\n\"a\" : [\"x y\"] }"[..]);
    let lines = "event: ping\ndata: a\ndata: b\ndata: c\ndata: d\n\n";
    let line = "event: ping\ndata: {\"b\":1.0,\"a\":[\"x y\"]}\n\n";
    for (config, body, accept, retry, wire) in [
        (text.clone(), body, "text/plain", 404, lines.to_owned()),
        (
            text.with_actions(with_retry()).with_ids(Counter::default()),
            body,
            "text/plain",
            200,
            format!("id: 0\n{lines}retry: 7\n\n"),
        ),
        (json.clone(), value, "application/json", 404, line.to_owned()),
        (
            json.with_actions(with_retry()).with_ids(Counter::default()),
            value,
            "application/json",
            200,
            format!("id: 0\n{line}retry: 7\n\n"),
        ),
    ] {
        let gateway = gateway(config);
        let (_, mut listener) = listen(&gateway, "/poll/42").unwrap();

        let response = post(&gateway, "/ping/42", body);
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["accept"], accept);
        assert!(response.body().is_empty());
        assert_eq!(post(&gateway, "/retry/42", b"7").status(), retry);
        assert_eq!(post(&gateway, "/close/42", b"no json").status(), 200);

        assert_eq!(written(&mut listener), wire);
    }
}

#[test]
fn empty_body_is_an_event_with_empty_data() {
    let gateway = gateway(HubConfig::new(StringFormat));
    let (_, mut listener) = listen(&gateway, "/poll/42").unwrap();

    post(&gateway, "/ping/42", b"");

    assert_eq!(written(&mut listener), "event: ping\ndata: \n\n");
}

#[test]
fn json_keeps_numbers_escapes_order_and_duplicates_as_they_came() {
    for (body, data) in [
        (r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2}"#),
        ("1e400", "1e400"),
        ("-0.10", "-0.10"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        (r#""\u00e9\/\ud800 \" \\""#, r#""\u00e9\/\ud800 \" \\""#),
        (" [ 1 ,\t2 ,\r\n\"a  b\" ] ", r#"[1,2,"a  b"]"#),
        ("null", "null"),
        ("\"\u{2028}\"", "\"\u{2028}\""),
    ] {
        assert_eq!(JsonFormat.data(body.as_bytes()).as_deref(), Ok(data), "{body}");
    }
    for body in ["NaN", "", " ", "{", "[1,]", "01", "'a'", "1 2", "\"a\nb\"", "\u{feff}1"] {
        assert!(JsonFormat.data(body.as_bytes()).is_err(), "{body:?}");
    }
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert_eq!(JsonFormat.data(deep.as_bytes()), Ok(deep));
}

#[test]
fn action_names_are_checked() {
    for (name, message) in [
        ("", "an action's name is empty"),
        ("poll", "\"poll\" is the listen action and cannot be a POST action too"),
        ("sse.gap", "\"sse.gap\" begins with `sse.`, which is kept for the system's own events"),
    ] {
        let refused = ActionSet::default().with_action(name, Action::Event).unwrap_err();

        assert_eq!(refused.to_string(), message);
    }
    for name in ["a\nb", "a\rb"] {
        assert!(ActionSet::default().with_action(name, Action::Event).is_err());
    }
    assert!(ActionSet::default().with_listen("ping").is_err());
    let listen = ActionSet::default().with_listen("listen").unwrap();
    assert!(listen.with_action("poll", Action::Event).is_ok());
}

#[test]
fn keepalive_comes_after_silence_through_the_gateway_too() {
    let config = HubConfig::new(StringFormat).with_keepalive(Some(Duration::from_secs(8)));
    let gateway = gateway(config);
    let start = epoch();
    let Handled::Listen(mut admission) = handle(&gateway, "GET", "/poll/42", start) else {
        panic!("the path listens");
    };
    let Admitted::Stream(response) = admission.poll_response(start) else {
        panic!("nobody listens");
    };
    let mut listener = response.into_body();

    let Output::Wait { until: Some(until) } = listener.poll_output(Waker::noop(), start) else {
        panic!("nothing was published");
    };
    listener.handle_timeout(until);

    assert!(start + Duration::from_secs(8) <= until && until <= start + Duration::from_secs(9));
    assert_eq!(listener.poll_output(Waker::noop(), until), Output::Write(KEEPALIVE));
}

#[test]
fn page_names_the_routes_of_this_server() {
    let actions = ActionSet::default().with_listen("li<sten").unwrap();
    let actions = actions.with_action("reading", Action::Event).unwrap();
    let gateway = gateway(HubConfig::new(JsonFormat).with_actions(actions));

    let page = ask(&gateway, "GET", "/");

    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let html = str::from_utf8(page.body()).unwrap();
    for part in
        ["GET /li&lt;sten/TOKEN", "POST /reading/TOKEN", "POST /close/TOKEN", "application/json"]
    {
        assert!(html.contains(part), "{part}");
    }
}

type Refused = Box<Response<Bytes>>;

fn gateway(config: HubConfig) -> Gateway {
    Gateway::new(Hub::new(config), GatewayConfig::default())
}

fn handle(gateway: &Gateway, method: &str, path: &str, now: Instant) -> Handled {
    let method: Method = method.parse().unwrap();
    let request = Request::builder().method(method).uri(path).body(()).unwrap();
    gateway.handle(&request.into_parts().0, now)
}

/// The answer to a request without a body.
fn ask(gateway: &Gateway, method: &str, path: &str) -> Response<Bytes> {
    match handle(gateway, method, path, epoch()) {
        Handled::Respond(response) => response,
        Handled::Publish(permit) => permit.publish(epoch()).response,
        Handled::Listen(mut admission) => {
            let mut now = epoch();
            loop {
                match admission.poll_response(now) {
                    Admitted::Stream(response) => return response.map(|_| Bytes::new()),
                    Admitted::Head(response) | Admitted::Refused(response) => return response,
                    Admitted::Wait { until } => now = until,
                }
            }
        }
    }
}

fn listen(gateway: &Gateway, path: &str) -> Result<(Response<()>, Subscriber), Refused> {
    match handle(gateway, "GET", path, epoch()) {
        Handled::Respond(response) => Err(Box::new(response)),
        Handled::Listen(mut admission) => match admission.poll_response(epoch()) {
            Admitted::Stream(response) => {
                let (parts, listener) = response.into_parts();
                Ok((Response::from_parts(parts, ()), listener))
            }
            other => panic!("{other:?}"),
        },
        Handled::Publish(_) => panic!("a GET publishes nothing"),
    }
}

fn permit(gateway: &Gateway, path: &str) -> Permit {
    match handle(gateway, "POST", path, epoch()) {
        Handled::Publish(permit) => permit,
        other => panic!("{other:?}"),
    }
}

fn post(gateway: &Gateway, path: &str, body: &[u8]) -> Response<Bytes> {
    match handle(gateway, "POST", path, epoch()) {
        Handled::Respond(response) => response,
        Handled::Publish(mut permit) => {
            assert!(permit.handle_input(body).is_none());
            let publication = permit.publish(epoch());
            publication.published.into_iter().for_each(sse_core::Published::wake);
            publication.response
        }
        Handled::Listen(_) => panic!("a POST never listens"),
    }
}

fn written(listener: &mut Subscriber) -> String {
    let mut written = String::new();
    while let Output::Write(bytes) = listener.poll_output(Waker::noop(), epoch()) {
        written += str::from_utf8(&bytes).unwrap();
    }
    written
}

fn assert_error_page(response: &Response<Bytes>, title: &str, text: &str) {
    let page = format!("<html><title>{title}</title><body>{text}</body></html>\n");
    assert_eq!(*response.body(), page);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
}

#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
fn epoch() -> Instant {
    Instant::now()
}
