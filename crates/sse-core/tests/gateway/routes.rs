use http::StatusCode;
use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
    action::{Action, ActionSet},
    format::JsonFormat,
    gateway::GatewayError,
};

use crate::support::{ask, gateway, listen};

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
