//! What others send to be taken for somebody: every one of these was taken by some verifier once.

use std::time::Instant;

use base64::{Engine, prelude::BASE64_STANDARD};
use ring::hmac;
use serde_json::json;
use sse_access::{Algorithm, Jwt, JwtError, Key, KeyError, Keys, SigningKey};

use crate::support::{SECRET, decoded, encoded, hs256, refused, signed, valid_claims, valid_token};

#[test]
fn a_token_that_is_not_signed_is_refused() {
    let claims = valid_claims().to_string();
    for alg in ["none", "None", "NONE", "nOnE", "", "HS", "hs256", "HS256 ", "HS1", "null"] {
        let header = encoded(json!({ "alg": alg }).to_string());
        for signature in ["", "AA", &encoded([0; 32])] {
            let error = refused(&hs256(), &format!("{header}.{}.{signature}", encoded(&claims)));
            assert_eq!(error, JwtError::Algorithm, "{alg}");
            assert!(!error.is_genuine());
        }
        let error = refused(&hs256(), &signed(json!({ "alg": alg }).to_string(), &claims));
        assert_eq!(error, JwtError::Algorithm, "{alg}, with a signature");
    }
}

#[test]
fn a_signature_that_is_cut_off_is_missed() {
    let token = valid_token();
    let (message, _) = token.rsplit_once('.').unwrap();

    assert_eq!(refused(&hs256(), &format!("{message}.")), JwtError::Signature);
    assert_eq!(refused(&hs256(), message), JwtError::Malformed);
    assert_eq!(refused(&hs256(), &format!("{message}..")), JwtError::Malformed);
    assert_eq!(refused(&hs256(), &format!("{message}.{}", encoded([0; 32]))), JwtError::Signature);
}

/// The public key is known to everybody: as the secret of an HMAC it would be everybody's signature.
#[test]
fn a_public_key_is_never_a_secret() {
    let public = include_bytes!("data/rsa-public.pem");
    let der = pem::parse(public).unwrap().into_contents();
    let keys = Keys::new().with_key(Key::from_pem(&[Algorithm::Rs256], public).unwrap());
    let jwt = Jwt::new(keys);
    for secret in [&public[..], public.trim_ascii(), &der] {
        let header = encoded(r#"{"alg":"HS256","typ":"JWT"}"#);
        let message = format!("{header}.{}", encoded(valid_claims().to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        assert_eq!(refused(&jwt, &format!("{message}.{}", encoded(tag))), JwtError::Algorithm);
    }
    for algorithms in [&[Algorithm::Hs256][..], &[Algorithm::Rs256, Algorithm::Hs256]] {
        let error = Key::from_pem(algorithms, public).unwrap_err();
        assert!(matches!(error, KeyError::Mismatch { algorithm: Algorithm::Hs256, .. }), "{error}");
    }
    let error = Key::from_secret(&[Algorithm::Hs256], public).unwrap_err();
    assert_eq!(error, KeyError::PemAsSecret);
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded([1; 32]) });
    let set = format!("\n{:#}\n", json!({ "keys": [jwk] }));
    for secret in [&*der, jwk.to_string().as_bytes(), set.as_bytes()] {
        let error = Key::from_contents(&[Algorithm::Hs256], secret).unwrap_err();
        assert_eq!(error, KeyError::KeyAsSecret);
    }
    // A secret may begin as DER does, or be JSON of another kind.
    for secret in [&[0x30; 48][..], br#"{"secret": "that nobody has ever guessed"}"#] {
        assert!(Key::from_contents(&[Algorithm::Hs256], secret).is_ok());
    }
}

#[test]
fn a_token_with_any_bit_changed_is_refused() {
    for algorithm in [Algorithm::Hs256, Algorithm::Es256, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).unwrap().with_id("1");
        let jwt = Jwt::new(Keys::new().with_key(key.verifying_key()));
        let token = key.sign(&json!({ "exp": 4_000_000_000_u64 }));
        assert!(jwt.verify(&token, Instant::now()).is_ok());
        let parts: Vec<_> = token.split('.').map(decoded).collect();
        for (index, part) in parts.iter().enumerate() {
            for bit in 0..part.len() * 8 {
                let mut changed = parts.clone();
                changed[index][bit / 8] ^= 1 << (bit % 8);
                let changed: Vec<_> = changed.iter().map(encoded).collect();
                let error = refused(&jwt, &changed.join("."));
                assert!(!error.is_genuine(), "{algorithm}, part {index}, bit {bit}: {error}");
            }
        }
    }
}

#[test]
fn a_token_with_any_character_changed_or_left_out_is_refused() {
    let token = valid_token();
    for at in 0..token.len() {
        let (before, behind) = (&token[..at], &token[at + 1..]);
        for other in ["", "A", "z", "-", "_", ".", "=", "+", "/", " ", "\n", "\0", "é"] {
            if other == &token[at..=at] {
                continue;
            }
            let error = refused(&hs256(), &format!("{before}{other}{behind}"));
            assert!(!error.is_genuine(), "character {at}, {other:?}: {error}");
        }
        assert!(!refused(&hs256(), before).is_genuine(), "cut at {at}");
    }
}

#[test]
fn what_is_around_a_token_makes_it_none() {
    let token = valid_token();
    for changed in [
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("{token}="),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{token}"),
        format!("Bearer {token}"),
        format!("\u{feff}{token}"),
        token.replace('.', ".."),
        token.replace('.', "%2E"),
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        "a.b.c".to_owned(),
        "e30.e30.".to_owned(),
    ] {
        assert!(!refused(&hs256(), &changed).is_genuine(), "{changed}");
    }
}

#[test]
fn parts_are_base64_for_urls_and_nothing_else() {
    // With `-` and `_` in the claims, so that the other alphabet differs.
    let token = signed(r#"{"alg":"HS256"}"#, r#"{"exp":4000000000,"x":"???>>>~~~"}"#);
    assert!(hs256().verify(&token, Instant::now()).is_ok());
    let (header, rest) = token.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let standard = BASE64_STANDARD.encode(decoded(claims));
    assert_ne!(standard.trim_end_matches('='), claims);
    for changed in [&standard[..], standard.trim_end_matches('='), &format!("{claims}=")] {
        let message = format!("{header}.{changed}");
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
        let tag = encoded(hmac::sign(&key, message.as_bytes()));
        assert_eq!(refused(&hs256(), &format!("{message}.{tag}")), JwtError::Claims);
        assert_eq!(refused(&hs256(), &format!("{message}.{signature}")), JwtError::Signature);
    }
}

#[test]
fn a_token_that_is_too_long_is_not_looked_at() {
    let padded = |len: usize| {
        let claims = format!(r#"{{"exp":4000000000,"x":"{}"}}"#, "x".repeat(len));
        signed(r#"{"alg":"HS256"}"#, &claims)
    };
    let longest = (5900..6100).rev().map(padded).find(|token| token.len() <= JwtError::MAX_LEN);
    let longest = longest.unwrap();
    assert!(JwtError::MAX_LEN - 2 < longest.len(), "{}", longest.len());

    assert!(hs256().verify(&longest, Instant::now()).is_ok());
    for token in [padded(6100), "A".repeat(JwtError::MAX_LEN + 1), ".".repeat(1 << 20)] {
        let expected = JwtError::TooLong { len: token.len() };
        assert_eq!(refused(&hs256(), &token), expected);
    }
}

#[test]
fn a_key_is_named_by_its_exact_name() {
    let secret = |byte: u8| [byte; 32];
    let key =
        |byte, id: &str| Key::from_secret(&[Algorithm::Hs256], &secret(byte)).unwrap().with_id(id);
    let unnamed = Key::from_secret(&[Algorithm::Hs256], &secret(0)).unwrap();
    let jwt =
        Jwt::new(Keys::new().with_key(unnamed).with_key(key(1, "one")).with_key(key(2, "two")));
    let signed_by = |byte: u8, header: serde_json::Value| {
        let message =
            format!("{}.{}", encoded(header.to_string()), encoded(valid_claims().to_string()));
        let hmac_key = hmac::Key::new(hmac::HMAC_SHA256, &secret(byte));
        let tag = hmac::sign(&hmac_key, message.as_bytes());
        format!("{message}.{}", encoded(tag))
    };
    let header = |kid: serde_json::Value| json!({ "alg": "HS256", "kid": kid });

    for byte in [0, 1, 2] {
        let token = signed_by(byte, json!({ "alg": "HS256" }));
        assert!(jwt.verify(&token, Instant::now()).is_ok(), "without a name, by key {byte}");
    }
    assert!(jwt.verify(&signed_by(1, header(json!("one"))), Instant::now()).is_ok());
    let foreign = signed_by(2, header(json!("one")));
    assert_eq!(refused(&jwt, &foreign), JwtError::Signature, "signed by another than is named");
    let long = "k".repeat(4000);
    for kid in [
        "",
        " ",
        "One",
        "one ",
        "one\0",
        "one' OR '1'='1",
        "../../../../dev/null",
        "/dev/null",
        "http://attacker.example/key",
        "*",
        "three",
        &long,
    ] {
        for byte in [0, 1] {
            let token = signed_by(byte, header(json!(kid)));
            assert_eq!(refused(&jwt, &token), JwtError::UnknownKey, "{kid}");
        }
    }
    for kid in [json!(null), json!(1), json!(true), json!(["one"]), json!({ "one": 1 })] {
        let token = signed_by(1, header(kid.clone()));
        assert_eq!(refused(&jwt, &token), JwtError::Malformed, "{kid}");
    }
}

#[test]
fn without_keys_nothing_is_taken() {
    let error = refused(&Jwt::new(Keys::new()), &valid_token());
    assert_eq!(error, JwtError::UnknownKey);
}

#[test]
fn a_key_that_a_token_brings_along_is_not_used() {
    let own = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let jwt = Jwt::new(Keys::new().with_key(own.verifying_key()));
    let attacker = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let x = encoded(ring::signature::KeyPair::public_key(&attacker));
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
    for header in [
        json!({ "alg": "EdDSA", "jwk": jwk }),
        json!({ "alg": "EdDSA", "jku": "http://attacker.example/jwks.json" }),
        json!({ "alg": "EdDSA", "x5u": "http://attacker.example/certificate.pem" }),
        json!({ "alg": "EdDSA", "x5c": ["MIIB"] }),
    ] {
        let message =
            format!("{}.{}", encoded(header.to_string()), encoded(valid_claims().to_string()));
        let signature = encoded(attacker.sign(message.as_bytes()));
        let error = refused(&jwt, &format!("{message}.{signature}"));
        assert_eq!(error, JwtError::Signature, "{header}");
    }
}

#[test]
fn a_header_is_an_object_that_says_each_thing_once() {
    let claims = valid_claims().to_string();
    for (header, expected) in [
        (r#"{"alg":"HS256","alg":"none"}"#, JwtError::Malformed),
        (r#"{"alg":"none","alg":"HS256"}"#, JwtError::Malformed),
        (r#"{"alg":"HS256","\u0061lg":"HS256"}"#, JwtError::Malformed),
        (r#"{"alg":"HS256","kid":"a","kid":"a"}"#, JwtError::Malformed),
        (r#"["HS256"]"#, JwtError::Malformed),
        (r#""HS256""#, JwtError::Malformed),
        ("null", JwtError::Malformed),
        ("", JwtError::Malformed),
        ("{}", JwtError::Malformed),
        (r#"{"Alg":"HS256"}"#, JwtError::Malformed),
        (r#"{"alg":null}"#, JwtError::Malformed),
        (r#"{"alg":["HS256"]}"#, JwtError::Malformed),
        (r#"{"alg":256}"#, JwtError::Malformed),
        (r#"{"alg":"HS256"}}"#, JwtError::Malformed),
        (r#"{"alg":"HS256"} {}"#, JwtError::Malformed),
        (r#"{"alg":"HS256",}"#, JwtError::Malformed),
        ("{\"alg\":\"HS256\"}\0", JwtError::Malformed),
        ("\u{feff}{\"alg\":\"HS256\"}", JwtError::Malformed),
        (r#"{"alg":"HS256","crit":["exp"],"exp":1}"#, JwtError::Extension),
        (r#"{"alg":"HS256","crit":["b64"],"b64":false}"#, JwtError::Extension),
        (r#"{"alg":"HS256","crit":[]}"#, JwtError::Extension),
        (r#"{"alg":"HS256","crit":null}"#, JwtError::Extension),
        (r#"{"alg":"HS256","zip":"DEF"}"#, JwtError::Extension),
        (r#"{"alg":"HS256","typ":"JWE"}"#, JwtError::Type),
        (r#"{"alg":"HS256","typ":"dpop+jwt"}"#, JwtError::Type),
        (r#"{"alg":"HS256","typ":""}"#, JwtError::Type),
        (r#"{"alg":"HS256","typ":"application/"}"#, JwtError::Type),
        (r#"{"alg":"HS256","typ":null}"#, JwtError::Malformed),
        (r#"{"alg":"HS256","typ":1}"#, JwtError::Malformed),
    ] {
        let error = refused(&hs256(), &signed(header, &claims));
        assert_eq!(error, expected, "{header}");
        assert!(!error.is_genuine(), "{header}");
    }
    let not_utf8 = signed(b"{\"alg\":\"HS256\",\"x\":\"\xff\"}", &claims);
    assert_eq!(refused(&hs256(), &not_utf8), JwtError::Malformed);
    let deep = format!(r#"{{"alg":"HS256","x":{}1{}}}"#, "[".repeat(900), "]".repeat(900));
    assert!(hs256().verify(&signed(&deep, &claims), Instant::now()).is_ok());
}

#[test]
fn what_is_usual_in_a_header_is_taken() {
    for header in [
        r#"{"alg":"HS256","typ":"JWT"}"#,
        r#"{"alg":"HS256","typ":"jwt"}"#,
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","typ":"AT+JWT"}"#,
        r#"{"alg":"HS256","typ":"application/at+jwt"}"#,
        r#"{"typ":"Application/JWT","alg":"HS256"}"#,
        r#" { "alg" : "HS256" , "cty":"x", "x5t": "abc", "enc": "A128GCM", "b64": true } "#,
    ] {
        let token = signed(header, valid_claims().to_string());
        assert!(hs256().verify(&token, Instant::now()).is_ok(), "{header}");
    }
}

#[test]
fn an_encrypted_token_is_none() {
    let token = format!("{}.a.b.c.d", encoded(r#"{"alg":"dir","enc":"A128GCM"}"#));
    assert_eq!(refused(&hs256(), &token), JwtError::Malformed);
}

#[test]
fn an_error_shows_nothing_of_the_token() {
    let secret = "s3cr3t-of-the-token";
    let claims = json!({ "exp": secret, "sub": secret }).to_string();
    for token in [
        secret.to_owned(),
        format!("{secret}.{secret}.{secret}"),
        signed(json!({ "alg": secret }).to_string(), &claims),
        signed(json!({ "alg": "HS256", "typ": secret }).to_string(), &claims),
        signed(json!({ "alg": "HS256", "kid": secret }).to_string(), &claims),
        signed(r#"{"alg":"HS256"}"#, &claims),
    ] {
        let error = refused(&hs256().with_issuer("other"), &token);
        assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
    }
}
