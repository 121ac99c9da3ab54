//! What may be a token.

use crate::{Setup, Target, contract::expect, head, post};

/// "A token is any non-empty UTF-8 text without control characters [...]; `:` `;` `=` `.` and
/// spaces are fine."
pub async fn any_text_can_be_a_token(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let tokens = [
        "42:42:42:42:42:42",
        "a;b=c.d",
        "a%20b",
        "%20",
        ".",
        "..",
        "%2E%2E",
        "%25",
        "%252F",
        "%3F",
        "%23",
        "%3Cb%3E",
        "poll",
        "~!$&'()*,-_@",
        "%E2%82%AC",
        "%F0%9F%A6%80",
        "%C2%A0",
        "%EF%BB%BF",
    ];

    for token in tokens {
        let mut listener = target.listen(token).await;
        target.publish("ping", token, token).await;
        listener.expect(&format!("event: ping\ndata: {token}\n\n")).await;
        target.publish("close", token, "").await;
    }
}

/// "Case matters."
pub async fn the_case_of_a_token_matters(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    let mut upper = target.listen("Token").await;
    let mut lower = target.listen("token").await;
    target.publish("ping", "Token", "upper").await;
    target.publish("ping", "token", "lower").await;

    upper.expect("event: ping\ndata: upper\n\n").await;
    lower.expect("event: ping\ndata: lower\n\n").await;
    assert!(!target.has_listener("TOKEN").await);
}

/// "At most 256 bytes decoded."
pub async fn a_token_has_at_most_256_bytes(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let longest = ["a".repeat(256), "%61".repeat(256), "%C3%A9".repeat(128)];
    let too_long = ["a".repeat(257), "%61".repeat(257), "%C3%A9".repeat(128) + "a"];

    for token in longest {
        let mut listener = target.listen(&token).await;
        target.publish("ping", &token, "hi").await;
        listener.expect("event: ping\ndata: hi\n\n").await;
        target.publish("close", &token, "").await;
    }
    for token in too_long {
        refused(&target, &token).await;
    }
}

/// "Any [...] UTF-8 text": nothing else.
pub async fn a_token_is_utf_8(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for token in ["%FF", "%80", "%C3", "%C3%28", "%C0%AF", "%ED%A0%80", "%F4%90%80%80", "a%E2%82"] {
        refused(&target, token).await;
    }
}

/// "Without control characters": those of ASCII, DEL, and those of Latin-1.
pub async fn a_token_has_no_control_characters(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for code in (0..0x20).chain([0x7F]) {
        refused(&target, &format!("a%{code:02X}b")).await;
    }
    for code in 0x80..0xA0 {
        refused(&target, &format!("a%C2%{code:02X}")).await;
    }
    refused(&target, "%3Cb%3E&%00").await;
}

/// "Anything else: 400, and the body says what is wrong", under whatever action.
async fn refused(target: &Target, token: &str) {
    for action in ["poll", "other", "ping"] {
        let path = format!("/{action}/{token}");
        for request in [head("GET", &path, &[]).into_bytes(), post(&path, b"hi")] {
            let response = target.exchange(request).await;
            assert_eq!(response.status(), 400, "{path}");
            expect::escaped(&expect::reason(&response, "400: Bad Request"));
        }
    }
}
