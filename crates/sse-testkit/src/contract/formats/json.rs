//! The JSON format.

use crate::{Setup, Target, contract::expect};

/// "Only insignificant white space is removed: key order, number text, escapes and duplicate keys
/// stay as they came (orig. re-encoded through Python)."
pub async fn only_white_space_is_removed(start: impl AsyncFn(Setup) -> Target) {
    let cases = [
        ("1", "1"),
        (" \t\r\n1 \t\r\n", "1"),
        ("{ \"b\" : 1 ,\r\n\t\"a\" : [ 1 , 2 ] }", r#"{"b":1,"a":[1,2]}"#),
        ("[ ]", "[]"),
        (r#"[ "\\" , "\\\" " ]"#, r#"["\\","\\\" "]"#),
        ("{ }", "{}"),
        ("[ true , false , null ]", "[true,false,null]"),
        (r#"{"a":1,"a":2,"a":1}"#, r#"{"a":1,"a":2,"a":1}"#),
        (r#"{"z":1,"10":2,"9":3}"#, r#"{"z":1,"10":2,"9":3}"#),
        ("[1.0, 1.50, 1e5, 1E+05, 1e-7, -0, 0.10]", "[1.0,1.50,1e5,1E+05,1e-7,-0,0.10]"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("[1e400, -1e-400]", "[1e400,-1e-400]"),
    ];
    posted(start, &cases).await;
}

/// "Escapes [...] stay as they came", and so does everything else in a string.
pub async fn strings_stay_as_they_are(start: impl AsyncFn(Setup) -> Target) {
    let same = [
        r#""  a  b  ""#,
        r#""€ 🦀 ü""#,
        r#""\u20ac\u20AC\/\"\\\b\f\n\r\t""#,
        r#""\ud83e\udd80""#,
        r#""\ud800""#,
        r#""\u0000""#,
        "\"\u{2028}\u{2029}\u{85}\u{7F}\"",
        r#""a \" b""#,
        r#""a \\""#,
        r#"{"a b":" : , "}"#,
        r#""""#,
    ];
    posted(start, &same.map(|json| (json, json))).await;
}

/// "JSON bodies must be valid JSON (RFC 8259; no NaN), else 400." An empty body is none.
pub async fn what_is_not_json_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::json_with_ids()).await;
    let mut listener = target.listen("42").await;
    let bodies = [
        "",
        " ",
        "NaN",
        "Infinity",
        "-Infinity",
        "[NaN]",
        "nan",
        "True",
        "None",
        "undefined",
        "nul",
        "'a'",
        "a",
        "{a: 1}",
        "{'a': 1}",
        "[1,]",
        "[,1]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "[1 2]",
        "1 2",
        "{} {}",
        "[",
        "]",
        "{",
        "\"",
        "\"a",
        "01",
        "1.",
        ".5",
        "+1",
        "-",
        "1e",
        "0x10",
        "1_000",
        "// a\n1",
        "/* a */ 1",
        "1 #",
        "\"\\x41\"",
        "\"\\u12\"",
        "\"\\\"",
        "\"a\nb\"",
        "\"a\tb\"",
        "\"\0\"",
        "\u{A0}1",
        "\u{B}1",
        "\u{C}1",
        "1\0",
        "[1\u{85}]",
        "{1: 2}",
        "[1}",
        "\u{2028}1",
    ];

    for body in bodies {
        let refused = target.post("ping", "42", body).await;
        assert_eq!(refused.status(), 400, "{body:?}");
        expect::bad_format(&refused);
    }

    target.publish("ping", "42", "0").await;
    listener.expect("event: ping\ndata: 0\nid: 0\n\n").await;
}

/// "JSON bodies must be valid JSON (RFC 8259 [...])", which is UTF-8.
pub async fn json_is_utf_8(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::json()).await;
    let _listener = target.listen("42").await;
    let bodies: [&[u8]; 4] = [b"\"\xFF\"", b"\"\xED\xA0\x80\"", b"\xFF\xFE1\0", b"[1]\x80"];

    for body in bodies {
        expect::bad_format(&target.post("ping", "42", body).await);
    }
}

/// "`close` and `retry` need no JSON body."
pub async fn close_and_retry_need_no_json(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::json_with_ids()).await;

    for body in ["", "no json", "[", "NaN"] {
        let mut listener = target.listen("42").await;
        target.publish("retry", "42", " 0700\r\n").await;
        listener.expect("retry: 700\n\n").await;
        target.publish("close", "42", body).await;
        listener.expect_end().await;
    }
}

/// However deep a body goes, the server lives on.
pub async fn deep_nesting_does_no_harm(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::json()).await;
    let mut listener = target.listen("42").await;

    for depth in [100, 100_000] {
        for (open, close) in [("[", "]"), ("{\"\":", "}")] {
            let inner = if open == "[" { "" } else { "0" };
            let body = [&open.repeat(depth), inner, &close.repeat(depth)].concat();
            let response = target.post("ping", "42", &body).await;
            match response.status() {
                200 => listener.expect(&format!("event: ping\ndata: {body}\n\n")).await,
                400 if 100 < depth => {}
                status => panic!("{status} at a depth of {depth}"),
            }
            assert_eq!(target.post("ping", "42", open.repeat(depth)).await.status(), 400);
        }
    }

    target.publish("ping", "42", "\"still here\"").await;
    listener.expect("event: ping\ndata: \"still here\"\n\n").await;
}

/// Posts each body and sees its one data line.
async fn posted(start: impl AsyncFn(Setup) -> Target, cases: &[(&str, &str)]) {
    let target = start(Setup::json()).await;
    let mut listener = target.listen("42").await;

    for (body, data) in cases {
        let response = target.post("ping", "42", body).await;
        assert_eq!(response.status(), 200, "{body:?}: {response:?}");
        listener.expect(&format!("event: ping\ndata: {data}\n\n")).await;
    }
}
