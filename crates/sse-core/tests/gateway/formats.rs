use sse_core::{
    HubConfig, StringFormat,
    action::{Action, ActionSet},
    format::{Format, JsonFormat},
    id_source::Counter,
};

use crate::support::{gateway, listen, post, written};

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
            format!("{}\nid: 0\n\nretry: 7\n\n", lines.trim_end()),
        ),
        (json.clone(), value, "application/json", 404, line.to_owned()),
        (
            json.with_actions(with_retry()).with_ids(Counter::default()),
            value,
            "application/json",
            200,
            format!("{}\nid: 0\n\nretry: 7\n\n", line.trim_end()),
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
