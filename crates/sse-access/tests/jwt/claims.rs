//! What a token grants.

use std::time::Instant;

use serde_json::{Value, json};
use sse_access::JwtError;
use sse_core::{
    Token,
    access::{Grant, Permissions},
    action::Action,
};

use crate::support::{hs256, refused, signed, token};

fn granted(claims: Value) -> Grant {
    let mut claims = claims;
    claims["exp"] = json!(4_000_000_000_u64);
    hs256().verify(&token(&claims), Instant::now()).expect("it is granted")
}

fn may_listen(permissions: &Permissions, name: &str) -> bool {
    permissions.may_listen(&Token::new(name).unwrap())
}

fn may_publish(permissions: &Permissions, name: &str, action: &str) -> bool {
    let what = match action {
        "close" => Action::Finish,
        _ => Action::Event,
    };
    permissions.may_publish(&Token::new(name).unwrap(), action, what)
}

#[test]
fn a_grant_has_the_subject_and_the_id_of_its_token() {
    let grant = granted(json!({ "sub": "alice", "jti": "7" }));
    assert_eq!((grant.subject(), grant.id()), (Some("alice"), Some("7")));
    let grant = granted(json!({}));
    assert_eq!((grant.subject(), grant.id()), (None, None));
}

#[test]
fn a_token_that_grants_nothing_is_valid() {
    for claims in [json!({}), json!({ "sse": {} }), json!({ "mercure": {} }), json!({ "x": 1 })] {
        let grant = granted(claims);
        assert!(!may_listen(grant.permissions(), "news"));
        assert!(!may_publish(grant.permissions(), "news", "ping"));
    }
}

#[test]
fn our_own_claim_grants_patterns_and_actions() {
    let grant = granted(json!({
        "sse": { "listen": ["news", "room:*"], "publish": ["room:*"], "other": 1 },
    }));
    let permissions = grant.permissions();
    for (name, listens, publishes) in [
        ("news", true, false),
        ("news2", false, false),
        ("room:42", true, true),
        ("x", false, false),
    ] {
        assert_eq!(may_listen(permissions, name), listens, "{name}");
        assert_eq!(may_publish(permissions, name, "ping"), publishes, "{name}");
        assert!(!may_publish(permissions, name, "close"), "{name}");
    }

    let closing = granted(json!({ "sse": { "publish": ["*"], "actions": ["close"] } }));
    assert!(may_publish(closing.permissions(), "news", "close"));
    assert!(!may_publish(closing.permissions(), "news", "ping"));
    let silent = granted(json!({ "sse": { "publish": ["*"], "actions": [] } }));
    assert!(!may_publish(silent.permissions(), "news", "ping"));
}

#[test]
fn mercures_topics_are_tokens() {
    let permissions = granted(json!({
        "mercure": {
            "subscribe": ["https://example.com/books/1", "news"],
            "publish": ["*"],
            "payload": { "user": 1 },
        },
    }));
    let permissions = permissions.permissions();

    assert!(may_listen(permissions, "https://example.com/books/1"));
    assert!(may_listen(permissions, "news"));
    assert!(!may_listen(permissions, "https://example.com/books/2"));
    assert!(may_publish(permissions, "anything", "ping"));
    assert!(!may_publish(permissions, "anything", "close"));
    assert!(may_listen(granted(json!({ "mercure": { "subscribe": ["*"] } })).permissions(), "x"));
}

#[test]
fn mercures_templates_grant_nothing() {
    let long = "x".repeat(257);
    for topic in [
        "room:*",
        "**",
        "*x",
        "a*b",
        "https://example.com/{id}",
        "{id}",
        "{+path}",
        "",
        "a\nb",
        &long,
    ] {
        let grant = granted(json!({ "mercure": { "subscribe": [topic], "publish": [topic] } }));
        for name in ["room:42", "room:*", "a*b", "axb", "https://example.com/1", "{id}", "x"] {
            assert!(!may_listen(grant.permissions(), name), "{topic} {name}");
            assert!(!may_publish(grant.permissions(), name, "ping"), "{topic} {name}");
        }
    }
    let grant = granted(json!({ "mercure": { "subscribe": ["{id}", "news"] } }));
    assert!(may_listen(grant.permissions(), "news"), "the others count");
}

#[test]
fn our_own_claim_is_taken_where_there_are_both() {
    let grant = granted(json!({
        "sse": { "listen": ["news"] },
        "mercure": { "subscribe": ["*"], "publish": ["*"] },
    }));

    assert!(may_listen(grant.permissions(), "news"));
    assert!(!may_listen(grant.permissions(), "other"));
    assert!(!may_publish(grant.permissions(), "news", "ping"));
}

#[test]
fn a_claim_of_another_type_makes_a_token_invalid() {
    let others = [json!(null), json!(true), json!(1), json!("x"), json!([]), json!({})];
    let lists = [json!(["x"]), json!([1]), json!([null]), json!([["x"]])];
    for value in others.iter().chain(&lists) {
        for (claim, is_right) in [
            ("sub", value.is_string()),
            ("jti", value.is_string()),
            ("iss", value.is_string()),
            ("aud", value.is_string() || *value == json!([]) || *value == json!(["x"])),
            ("nbf", value.is_number()),
            ("sse", value.is_object()),
            ("mercure", value.is_object()),
            ("unknown", true),
        ] {
            let verified = hs256()
                .verify(&token(&json!({ "exp": 4_000_000_000_u64, claim: value })), Instant::now());
            let expected = if is_right { None } else { Some(JwtError::Claims) };
            assert_eq!(verified.err(), expected, "{claim}: {value}");
        }
        if !value.is_number() {
            assert_eq!(refused(&hs256(), &token(&json!({ "exp": value }))), JwtError::Claims);
        }
    }
    assert!(JwtError::Claims.is_genuine());
    let text = token(&json!({ "exp": "4000000000" }));
    assert_eq!(refused(&hs256(), &text), JwtError::Claims);
}

#[test]
fn a_list_of_another_type_makes_a_token_invalid() {
    for (claim, list) in [
        ("sse", "listen"),
        ("sse", "publish"),
        ("sse", "actions"),
        ("mercure", "subscribe"),
        ("mercure", "publish"),
    ] {
        for value in [json!(null), json!("*"), json!(1), json!({}), json!([1]), json!([null])] {
            let claims = json!({ "exp": 4_000_000_000_u64, claim: { list: value } });
            assert_eq!(refused(&hs256(), &token(&claims)), JwtError::Claims, "{claims}");
        }
    }
    for pattern in ["a*b", "**", "", "a\n", &"x".repeat(257)] {
        let claims = json!({ "exp": 4_000_000_000_u64, "sse": { "listen": ["news", pattern] } });
        assert_eq!(refused(&hs256(), &token(&claims)), JwtError::Claims, "{pattern}");
    }
    let as_list = json!({ "exp": 4_000_000_000_u64, "sse": [["*"], ["*"], null] });
    assert_eq!(refused(&hs256(), &token(&as_list)), JwtError::Claims);
    let as_list = json!({ "exp": 4_000_000_000_u64, "mercure": [["*"], ["*"]] });
    assert_eq!(refused(&hs256(), &token(&as_list)), JwtError::Claims);
}

#[test]
fn claims_are_one_object_that_claims_each_thing_once() {
    for claims in [
        "",
        "null",
        "1",
        r#""exp""#,
        "[]",
        r#"[null,"alice",null,4000000000]"#,
        r#"{"exp":1,"exp":4000000000}"#,
        r#"{"exp":4000000000,"exp":4000000000}"#,
        r#"{"exp":1,"\u0065xp":4000000000}"#,
        r#"{"exp":4000000000,"sub":"a","sub":"b"}"#,
        r#"{"exp":4000000000,"sse":{},"sse":{"listen":["*"]}}"#,
        r#"{"exp":4000000000,"sse":{"listen":["a"],"listen":["*"]}}"#,
        r#"{"exp":4000000000,"mercure":{"subscribe":["a"],"subscribe":["*"]}}"#,
        r#"{"exp":4000000000}{}"#,
        r#"{"exp":4000000000"#,
        r#"{"exp":4000000000,}"#,
        r"{'exp':4000000000}",
        "{\"exp\":4000000000,\"sub\":\"\u{0}\"}",
        "\u{feff}{\"exp\":4000000000}",
    ] {
        let error = refused(&hs256(), &signed(r#"{"alg":"HS256"}"#, claims));
        assert_eq!(error, JwtError::Claims, "{claims}");
    }
    for claims in [
        &b"{\"exp\":4000000000,\"x\":\"\xff\"}"[..],
        b"{\"exp\":4000000000,\"\xff\":1}",
        b"{\"exp\":4000000000,\"x\":\"\xed\xa0\x80\"}",
        b"{\"exp\":4000000000}\xff",
    ] {
        let error = refused(&hs256(), &signed(r#"{"alg":"HS256"}"#, claims));
        assert_eq!(error, JwtError::Claims, "{}", claims.escape_ascii());
    }
    let spaced = " \r\n\t{ \"exp\" : 4000000000 } \n";
    let token = signed(r#"{"alg":"HS256"}"#, spaced);
    assert!(hs256().verify(&token, Instant::now()).is_ok());
    let deep = format!(r#"{{"exp":4000000000,"x":{}1{}}}"#, "[".repeat(2000), "]".repeat(2000));
    assert!(hs256().verify(&signed(r#"{"alg":"HS256"}"#, &deep), Instant::now()).is_ok());
}
