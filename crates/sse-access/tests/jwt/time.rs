//! When a token counts, and for whom.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sse_access::JwtError;

use crate::support::{hs256, refused, signed, token};

const MINUTE: f64 = 60.0;

/// Seconds since the beginning of 1970, with their fraction, and the same moment otherwise.
fn now() -> (f64, Instant) {
    let now = Instant::now();
    (SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64(), now)
}

#[test]
fn a_token_counts_from_its_beginning_to_its_end_give_or_take_a_minute() {
    let (unix, now) = now();
    for (claims, expected) in [
        (json!({ "exp": unix + MINUTE }), "granted"),
        (json!({ "exp": unix - 50.0 }), "granted"),
        (json!({ "exp": unix - 70.0 }), "expired"),
        (json!({ "exp": unix + MINUTE, "nbf": unix - 1.0 }), "granted"),
        (json!({ "exp": unix + 500.0, "nbf": unix + 50.0 }), "granted"),
        (json!({ "exp": unix + 500.0, "nbf": unix + 70.0 }), "not yet"),
        (json!({ "exp": unix - 70.0, "nbf": unix + 70.0 }), "expired"),
        (json!({ "exp": unix + 500.0, "iat": unix + 400.0 }), "granted"),
    ] {
        assert_eq!(outcome(&hs256().verify(&token(&claims), now)), expected, "{claims}");
    }
}

#[test]
fn the_leeway_is_what_it_is_set_to() {
    let (unix, now) = now();
    for (leeway, ago, expected) in [
        (0, -10.0, "granted"),
        (0, 10.0, "expired"),
        (600, 590.0, "granted"),
        (600, 610.0, "expired"),
    ] {
        let jwt = hs256().with_leeway(Duration::from_secs(leeway));
        let claims = json!({ "exp": unix - ago });
        assert_eq!(outcome(&jwt.verify(&token(&claims), now)), expected, "{leeway} {ago}");
        let claims = json!({ "exp": unix + 9000.0, "nbf": unix + ago });
        let expected = if expected == "granted" { expected } else { "not yet" };
        assert_eq!(outcome(&jwt.verify(&token(&claims), now)), expected, "{leeway} {ago}");
    }
}

#[test]
fn a_token_ends_while_time_goes_on() {
    let (unix, now) = now();
    let token = token(&json!({ "exp": unix + 1000.0, "nbf": unix + 500.0 }));
    let at = |seconds: u64| hs256().verify(&token, now + Duration::from_secs(seconds));

    for (seconds, expected) in
        [(0, "not yet"), (430, "not yet"), (450, "granted"), (1050, "granted"), (1070, "expired")]
    {
        assert_eq!(outcome(&at(seconds)), expected, "after {seconds} s");
    }
}

#[test]
fn a_grant_ends_with_its_token_or_with_the_leeway_if_that_is_over_already() {
    let (unix, now) = now();
    for (exp, expected) in [(1000.0, 1000), (20.0, 20), (-20.0, 40)] {
        let grant = hs256().verify(&token(&json!({ "exp": unix + exp })), now).unwrap();

        let left = grant.end().unwrap() - now;
        assert!(left.abs_diff(Duration::from_secs(expected)) < Duration::from_secs(5), "{left:?}");
    }
}

#[test]
fn a_time_is_any_number_and_none_is_too_large() {
    let now = Instant::now();
    for (exp, expected) in [
        ("4000000000", "granted"),
        ("4000000000.5", "granted"),
        ("4e9", "granted"),
        ("18446744073709551615", "granted"),
        ("18446744073709551616", "granted"),
        ("1e300", "granted"),
        ("9223372036854775808", "granted"),
        ("0", "expired"),
        ("-0", "expired"),
        ("-0.0", "expired"),
        ("1.5", "expired"),
        ("1e-300", "expired"),
        ("-1", "expired"),
        ("-1e300", "expired"),
        ("-9223372036854775808", "expired"),
        ("-9223372036854775809", "expired"),
        ("1e400", "invalid"),
        ("NaN", "invalid"),
        ("Infinity", "invalid"),
        ("0x7fffffff", "invalid"),
        ("+4000000000", "invalid"),
        ("04000000000", "invalid"),
        ("4000000000.", "invalid"),
    ] {
        let ended = hs256().verify(&signed(HEADER, format!(r#"{{"exp":{exp}}}"#)), now);
        assert_eq!(outcome(&ended), expected, "exp {exp}");
        let claims = format!(r#"{{"exp":253402300799,"nbf":{exp}}}"#);
        let expected = match expected {
            "granted" => "not yet",
            "expired" => "granted",
            other => other,
        };
        assert_eq!(outcome(&hs256().verify(&signed(HEADER, &claims), now)), expected, "nbf {exp}");
    }
    let patient = hs256().with_leeway(Duration::MAX);
    let claims = json!({ "exp": 1, "nbf": u64::MAX });
    assert_eq!(outcome(&patient.verify(&token(&claims), now)), "granted");
}

#[test]
fn a_token_without_an_end_is_refused() {
    let error = refused(&hs256(), &token(&json!({ "sse": { "listen": ["*"] } })));

    assert_eq!(error, JwtError::NoExpiry);
    assert!(error.is_genuine());
}

#[test]
fn a_token_is_for_an_audience_that_is_wanted() {
    let one = hs256().with_audience("events");
    let two = hs256().with_audience("events").with_audience("https://events.example");
    for (aud, for_one, for_two) in [
        (json!("events"), true, true),
        (json!(["events"]), true, true),
        (json!(["other", "events"]), true, true),
        (json!("https://events.example"), false, true),
        (json!(["other", "https://events.example"]), false, true),
        (json!("other"), false, false),
        (json!("Events"), false, false),
        (json!("events "), false, false),
        (json!(""), false, false),
        (json!([]), false, false),
        (json!([""]), false, false),
        (json!(["other"]), false, false),
        (json!("other events"), false, false),
    ] {
        let token = token(&json!({ "exp": 4_000_000_000_u64, "aud": aud }));
        for (jwt, is_taken) in [(&one, for_one), (&two, for_two), (&hs256(), true)] {
            match jwt.verify(&token, Instant::now()) {
                Ok(_) => assert!(is_taken, "{aud}"),
                Err(error) => {
                    assert_eq!((error.clone(), is_taken), (JwtError::Audience, false), "{aud}");
                    assert!(error.is_genuine());
                }
            }
        }
    }
    let without = token(&json!({ "exp": 4_000_000_000_u64 }));
    assert_eq!(refused(&one, &without), JwtError::Audience);
}

#[test]
fn a_token_is_of_an_issuer_that_is_wanted() {
    let one = hs256().with_issuer("https://issuer.example");
    let two = hs256().with_issuer("https://issuer.example").with_issuer("other");
    for (iss, for_one, for_two) in [
        (json!("https://issuer.example"), true, true),
        (json!("other"), false, true),
        (json!("https://issuer.example/"), false, false),
        (json!("https://ISSUER.example"), false, false),
        (json!(""), false, false),
    ] {
        let token = token(&json!({ "exp": 4_000_000_000_u64, "iss": iss }));
        for (jwt, is_taken) in [(&one, for_one), (&two, for_two), (&hs256(), true)] {
            let verified = jwt.verify(&token, Instant::now());
            assert_eq!(verified.is_ok(), is_taken, "{iss}");
            assert!(is_taken || verified == Err(JwtError::Issuer), "{iss}");
        }
    }
    let without = token(&json!({ "exp": 4_000_000_000_u64 }));
    assert_eq!(refused(&one, &without), JwtError::Issuer);
    assert!(refused(&one, &without).is_genuine());
    let listed = token(&json!({ "exp": 4_000_000_000_u64, "iss": ["https://issuer.example"] }));
    assert_eq!(refused(&one, &listed), JwtError::Claims);
}

fn outcome(verified: &Result<sse_core::access::Grant, JwtError>) -> &'static str {
    match verified {
        Ok(_) => "granted",
        Err(JwtError::Expired { .. }) => "expired",
        Err(JwtError::NotYet { .. }) => "not yet",
        Err(JwtError::Claims) => "invalid",
        Err(_) => "something else",
    }
}

const HEADER: &str = r#"{"alg":"HS256"}"#;

#[test]
fn a_message_says_how_far_away_it_is() {
    let (unix, now) = now();
    let expired = hs256().verify(&token(&json!({ "exp": unix - 100.0 })), now).unwrap_err();
    let early: Value = json!({ "exp": unix + 900.0, "nbf": unix + 100.0 });
    let early = hs256().verify(&token(&early), now).unwrap_err();

    assert!(matches!(expired, JwtError::Expired { ago } if ago.as_secs().abs_diff(100) < 5));
    assert!(matches!(early, JwtError::NotYet { wait } if wait.as_secs().abs_diff(100) < 5));
    assert!(expired.is_genuine() && early.is_genuine());
}
