//! The string format.

use crate::{Setup, Target, contract::expect};

/// "One `data:` line per line; CRLF, LF and CR all end a line." What is empty stays a line, and so
/// does what follows the last line end, so that a reader gets back the body with LF for every end.
pub async fn every_line_end_ends_a_line(start: impl AsyncFn(Setup) -> Target) {
    let cases = [
        ("a\nb", "data: a\ndata: b\n"),
        ("a\rb", "data: a\ndata: b\n"),
        ("a\r\nb", "data: a\ndata: b\n"),
        ("a\n\nb", "data: a\ndata: \ndata: b\n"),
        ("a\r\rb", "data: a\ndata: \ndata: b\n"),
        ("a\r\n\r\nb", "data: a\ndata: \ndata: b\n"),
        ("a\n\rb", "data: a\ndata: \ndata: b\n"),
        ("a\r\r\nb", "data: a\ndata: \ndata: b\n"),
        ("\na", "data: \ndata: a\n"),
        ("\r\na", "data: \ndata: a\n"),
        ("a\n", "data: a\ndata: \n"),
        ("a\r", "data: a\ndata: \n"),
        ("a\r\n", "data: a\ndata: \n"),
        ("\n", "data: \ndata: \n"),
    ];
    posted(start, &cases).await;
}

/// "The body, one `data:` line per line": an empty body is one empty line.
pub async fn an_empty_body_is_an_event(start: impl AsyncFn(Setup) -> Target) {
    posted(start, &[("", "data: \n")]).await;
}

/// "The body": every character of it, white space at the edges and characters that only look like
/// line ends among them.
pub async fn text_stays_as_it_is(start: impl AsyncFn(Setup) -> Target) {
    let cases = [
        (" a", "data:  a\n"),
        ("a ", "data: a \n"),
        ("\ta\t", "data: \ta\t\n"),
        ("€ 🦀 ü", "data: € 🦀 ü\n"),
        ("\u{FEFF}a", "data: a\n"),
        ("\u{FEFF}\u{FEFF}a", "data: \u{FEFF}a\n"),
        (
            "a\u{B}b\u{C}c\u{85}d\u{2028}e\u{2029}f",
            "data: a\u{B}b\u{C}c\u{85}d\u{2028}e\u{2029}f\n",
        ),
        ("a\0b", "data: a\0b\n"),
        ("%0A+&lt;", "data: %0A+&lt;\n"),
        ("{\"a\": 1}", "data: {\"a\": 1}\n"),
    ];
    posted(start, &cases).await;
}

/// "Nothing in a body can end the event or forge a field (orig. split only at LF: a CR in the body
/// let a poster forge events)."
pub async fn a_body_can_forge_nothing(start: impl AsyncFn(Setup) -> Target) {
    let cases = [
        ("a\n\nevent: evil\ndata: b", "data: a\ndata: \ndata: event: evil\ndata: data: b\n"),
        ("a\r\revent: evil\rdata: b", "data: a\ndata: \ndata: event: evil\ndata: data: b\n"),
        ("a\r\n\r\nid: 9\r\n\r\n", "data: a\ndata: \ndata: id: 9\ndata: \ndata: \n"),
        ("\rretry: 1\r", "data: \ndata: retry: 1\ndata: \n"),
        ("\n:comment", "data: \ndata: :comment\n"),
        ("event: evil", "data: event: evil\n"),
        ("0\r\n\r\n", "data: 0\ndata: \ndata: \n"),
    ];
    posted(start, &cases).await;
}

/// "Nothing in a body can [...]", at every pair of characters that could mean something.
pub async fn no_pair_of_characters_escapes_its_line(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    let characters = ['\r', '\n', ':', ' ', 'd', '\0', '\u{FEFF}'];

    for first in characters {
        for second in characters {
            let body = format!("a{first}{second}b");
            target.publish("ping", "42", &body).await;
            let lines = body.replace("\r\n", "\n").replace('\r', "\n");
            let data: String = lines.split('\n').map(|line| format!("data: {line}\n")).collect();
            listener.expect(&format!("event: ping\n{data}\n")).await;
        }
    }
}

/// "String bodies must be UTF-8, else 400."
pub async fn a_string_is_utf_8(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let mut listener = target.listen("42").await;
    let bodies: [&[u8]; 7] = [
        b"\xFF",
        b"a\x80",
        b"\xC3",
        b"\xC3\x28",
        b"\xC0\xAF",
        b"\xED\xA0\x80",
        b"ok\nok\n\xF4\x90",
    ];

    for body in bodies {
        expect::bad_format(&target.post("ping", "42", body).await);
    }

    target.publish("ping", "42", "first").await;
    listener.expect("event: ping\ndata: first\nid: 0\n\n").await;
}

/// "One event is one contiguous write": an ordinary one comes in one chunk. What is larger than an
/// HTTP server's buffer may come in several, with nothing between them.
pub async fn an_event_is_written_in_one_piece(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::string_with_ids()).await;
    let mut listener = target.listen("42").await;

    for (id, lines) in [1, 2, 10, 100].into_iter().enumerate() {
        target.publish("ping", "42", ["some text"].repeat(lines).join("\n")).await;
        let data = "data: some text\n".repeat(lines);
        assert_eq!(listener.write().await, format!("event: ping\n{data}id: {id}\n\n"));
    }

    target.publish("ping", "42", ["some text"].repeat(50_000).join("\n")).await;
    let data = "data: some text\n".repeat(50_000);
    listener.expect(&format!("event: ping\n{data}id: 4\n\n")).await;
}

/// Posts each body and sees its data lines.
async fn posted(start: impl AsyncFn(Setup) -> Target, cases: &[(&str, &str)]) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;

    for (body, data) in cases {
        target.publish("ping", "42", body).await;
        listener.expect(&format!("event: ping\n{data}\n")).await;
    }
}
