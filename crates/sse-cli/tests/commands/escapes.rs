//! What commands a terminal, in all that comes from a server: escaped where a terminal may show it.

use sse_testkit::Step;

use crate::support::{
    CLIENT, Peer, REQUEST, answer, run, run_on_terminal, run_with_stdin, stream, to_post,
};

/// Each pair is what comes and what is shown of it.
const SHOWN: [(&str, &str); 14] = [
    ("\x1b[31mred\x1b]0;title\x07", "\\u{1b}[31mred\\u{1b}]0;title\\u{7}"),
    ("\u{9b}2J\u{9d}0;x\u{9c}", "\\u{9b}2J\\u{9d}0;x\\u{9c}"),
    ("a\u{7f}\u{8}b", "a\\u{7f}\\u{8}b"),
    ("\u{202e}abc\u{202c}", "\\u{202e}abc\\u{202c}"),
    ("\u{2066}a\u{2069}\u{200e}\u{61c}", "\\u{2066}a\\u{2069}\\u{200e}\\u{61c}"),
    ("a\u{200b}b\u{feff}c\u{2060}d\u{ad}e", "a\\u{200b}b\\u{feff}c\\u{2060}d\\u{ad}e"),
    ("\u{2028}\u{2029}\u{85}", "\\u{2028}\\u{2029}\\u{85}"),
    ("\u{e0041}\u{fff9}", "\\u{e0041}\\u{fff9}"),
    ("a\u{200d}b", "a\\u{200d}b"),
    ("\u{301}a", "\\u{301}a"),
    // What is text stays, whatever the script.
    ("e\u{301} é…漢😀 \"'\\<>", "e\u{301} é…漢😀 \"'\\<>"),
    ("नमस्ते שלום مرحبا สวัสดี", "नमस्ते שלום مرحبا สวัสดี"),
    ("👩‍👩‍👧 ❤️ می‌خواهم", "👩‍👩‍👧 ❤️ می‌خواهم"),
    ("10\u{a0}000\u{202f}€\u{3000}漢", "10\u{a0}000\u{202f}€\u{3000}漢"),
];

#[test]
fn text_escapes_what_commands_a_terminal_in_data_type_and_id() {
    for (text, shown) in SHOWN {
        let events = format!("id: {text}\nevent: {text}\ndata: {text}\ndata: b\n\n");

        let ended = run_with_stdin(CLIENT, ["--stdin"], events.as_bytes());

        let line = format!("Event<{shown},{shown},{shown}\\nb>\n");
        assert_eq!((ended.code, ended.stdout), (Some(0), line), "{text:?}");
    }
}

#[test]
fn text_of_a_stream_is_escaped_as_that_of_standard_input() {
    let peer = Peer::start([stream("event: \x1b[2J\ndata: \u{9b}a\tb\0\n\n")]);

    let ended = run(CLIENT, ["42", "-P", &peer.port(), "--count", "1"]);

    assert_eq!(ended.stdout, "Event<,\\u{1b}[2J,\\u{9b}a\\tb\\0>\n");
}

#[test]
fn json_is_valid_and_escapes_the_same() {
    for (text, _) in SHOWN {
        let events = format!(":{text}\nid: {text}\nevent: {text}\ndata: {text}\ndata: \t\"b\\\n\n");

        let ended = run_with_stdin(CLIENT, ["--stdin", "-o", "json", "--all"], events.as_bytes());

        let mut lines = ended.stdout.lines();
        let comment: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        let event: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        assert_eq!(comment, serde_json::json!({ "comment": text }));
        let data = format!("{text}\n\t\"b\\");
        assert_eq!(event, serde_json::json!({ "type": text, "data": data, "id": text }));
        for unseen in ['\x1b', '\u{7f}', '\u{9b}', '\u{9c}', '\u{202e}', '\u{200b}', '\u{e0041}'] {
            assert!(!ended.stdout.contains(unseen), "{ended:?}");
        }
    }
    let events = "data: é漢😀e\u{301}\u{7f}\u{9b}\u{e0041}\n\n";
    let ended = run_with_stdin(CLIENT, ["--stdin", "-o", "json"], events.as_bytes());
    let data = "é漢😀e\u{301}\\u007f\\u009b\\udb40\\udc41";
    assert_eq!(ended.stdout, format!("{{\"type\":\"message\",\"data\":\"{data}\",\"id\":\"\"}}\n"));
}

#[test]
fn data_is_raw_unless_a_terminal_shows_it() {
    let (data, shown) = ("a\tb\nc\x1b[31m\u{9b}é\u{202e}", "a\tb\nc\\u{1b}[31m\\u{9b}é\\u{202e}");
    for on_terminal in [false, true] {
        let events = format!("data: {}\n\n", data.replace('\n', "\ndata: "));
        let peer = Peer::start([stream(&events)]);
        let port = peer.port();
        let args = ["42", "-P", &port, "-o", "data", "--count", "1"];

        let ended = if on_terminal { run_on_terminal(CLIENT, args) } else { run(CLIENT, args) };

        let expected = if on_terminal { shown } else { data };
        assert_eq!((ended.code, ended.stdout), (Some(0), format!("{expected}\n")));
    }
}

#[test]
fn body_of_a_success_is_raw_unless_a_terminal_shows_it() {
    let (body, shown) = ("a\tb\nc\r\x1b[31m\u{9b}é\n", "a\tb\nc\\r\\u{1b}[31m\\u{9b}é\n");
    for on_terminal in [false, true] {
        let peer = Peer::start([to_post(answer("200 OK", body))]);
        let port = peer.port();
        let args = ["42", "ping", "-P", &port];

        let ended = if on_terminal { run_on_terminal(REQUEST, args) } else { run(REQUEST, args) };

        let expected = if on_terminal { shown } else { body };
        assert_eq!((ended.code, &*ended.stdout), (Some(0), expected));
    }
}

#[test]
fn body_of_a_success_that_is_no_text_is_raw_unless_a_terminal_shows_it() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
    let mut bytes = head.as_bytes().to_owned();
    bytes.extend(b"a\x9bb");
    let peer = Peer::start([to_post(vec![Step::ExpectHead, Step::send(bytes)])]);

    let ended = run_on_terminal(REQUEST, ["42", "ping", "-P", &peer.port()]);

    assert_eq!((ended.code, &*ended.stdout), (Some(0), "a\u{fffd}b"));
}

#[test]
fn refusals_are_escaped_and_shortened() {
    let body = format!("{{\n\t\"error\": \"\x1b[2J\r\u{9b}\u{7f}é\"\n}}{}", "x".repeat(10_000));
    let peer = Peer::start([to_post(answer("418 I'm a teapot", &body))]);

    let ended = run(REQUEST, ["42", "ping", "-P", &peer.port()]);

    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""));
    let said = "Unable to send request (418 I'm a teapot): {\n\t\"error\": \
                \"\\u{1b}[2J\\r\\u{9b}\\u{7f}é\"\n}xxx";
    assert!(ended.stderr.starts_with(said), "{ended:?}");
    assert!(ended.stderr.ends_with("xxx…\n"), "{ended:?}");
    let times = ended.stderr.matches('x').count();
    assert!((4000..4097).contains(&times), "{times}");
}
