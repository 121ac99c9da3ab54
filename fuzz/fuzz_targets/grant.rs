//! Any claims grant what a reader of the JSON says that they grant, or make the token invalid.

#![no_main]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use ring::hmac;
use serde_json::Value;
use sse_access::{Algorithm, Jwt, JwtError, Key, Keys};
use sse_core::{
    Token,
    access::{Grant, Pattern},
    action::Action,
};

fuzz_target!(|claims: &[u8]| {
    let key = Key::from_secret(&[Algorithm::Hs256], SECRET).unwrap();
    let jwt = Jwt::new(Keys::new().with_key(key));
    match jwt.verify(&signed(claims), Instant::now()) {
        Ok(grant) => {
            // A number that is too large, or too deep a list, is passed over where nobody asks for it.
            if let Ok(claims) = serde_json::from_slice(claims) {
                check(&grant, &claims);
            }
        }
        Err(JwtError::TooLong { len }) => assert!(JwtError::MAX_LEN < len),
        Err(error) => assert!(error.is_genuine(), "{error}"),
    }
});

fn signed(claims: &[u8]) -> String {
    let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let message = format!("{}.{}", text(br#"{"alg":"HS256"}"#), text(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), message.as_bytes());
    format!("{message}.{}", text(tag.as_ref()))
}

fn check(grant: &Grant, claims: &Value) {
    let claims = claims.as_object().expect("claims are an object");
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    assert!(unix - 61.0 < claims["exp"].as_f64().unwrap());
    assert!(claims.get("nbf").is_none_or(|nbf| nbf.as_f64().unwrap() < unix + 61.0));
    assert!(grant.end().is_some_and(|end| Instant::now() <= end));
    assert_eq!(grant.subject(), claims.get("sub").map(|sub| sub.as_str().unwrap()));
    assert_eq!(grant.id(), claims.get("jti").map(|jti| jti.as_str().unwrap()));

    let (listen, publish, is_ours) = match (claims.get("sse"), claims.get("mercure")) {
        (Some(ours), _) => (ours.get("listen"), ours.get("publish"), true),
        (None, Some(mercure)) => (mercure.get("subscribe"), mercure.get("publish"), false),
        (None, None) => (None, None, true),
    };
    let actions = claims.get("sse").and_then(|ours| ours.get("actions"));
    let names = [listen, publish].into_iter().flatten().flat_map(|list| list.as_array().unwrap());
    let names = names.map(|name| name.as_str().unwrap().trim_end_matches('*'));
    for name in names.chain(["news", "room:1", "*", "a*b"]) {
        let Ok(token) = Token::new(name) else {
            continue;
        };
        let permissions = grant.permissions();
        assert_eq!(permissions.may_listen(&token), is_in(listen, &token, is_ours), "{name}");
        for (action, what) in [("ping", Action::Event), ("close", Action::Finish)] {
            let is_permitted = match actions {
                Some(list) => list.as_array().unwrap().iter().any(|one| one == action),
                None => what == Action::Event,
            };
            let expected = is_permitted && is_in(publish, &token, is_ours);
            assert_eq!(permissions.may_publish(&token, action, what), expected, "{name} {action}");
        }
    }
}

fn is_in(list: Option<&Value>, token: &Token, is_ours: bool) -> bool {
    let list = list.map_or(&[][..], |list| list.as_array().unwrap());
    list.iter().map(|one| one.as_str().unwrap()).any(|one| {
        let is_topic = one == "*" || one == token.as_str() && !one.contains(['*', '{']);
        if is_ours { Pattern::new(one).unwrap().matches(token) } else { is_topic }
    })
}

const SECRET: &[u8] = b"a secret of thirty-two bytes, as";
