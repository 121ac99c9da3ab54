//! `eventsource-token show`: what a token says, and whether that is true.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::{Value, json};
use sse_access::{Algorithm, SigningKey};
use tempfile::TempDir;

use crate::support::{Ended, TOKEN, run, run_with_stdin};

#[test]
fn nothing_is_valid_that_was_not_verified() {
    let key = Files::new(Algorithm::Es256);
    let token = key.token(json!({ "sub": "alice" }));
    let forged = format!("{}.AAAA", token.rsplit_once('.').unwrap().0);
    let unsigned = unsigned(json!({ "alg": "none" }), json!({ "exp": later() }));
    for token in [&token, &forged, &unsigned] {
        for ended in
            [run(TOKEN, ["show", token]), run_with_stdin(TOKEN, ["show"], token.as_bytes())]
        {
            assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
            assert_eq!(shown(&ended)["verdict"], "not verified: no key was given");
            assert!(!ended.stdout.contains("\"valid"), "{ended:?}");
        }
    }
}

#[test]
fn a_token_is_verified_by_keys_of_every_form() {
    let key = Files::new(Algorithm::Es384);
    let token = key.token(json!({ "sub": "alice" }));
    let other = Files::new(Algorithm::EdDsa);
    let with_line_end = format!("  {token}\r\n");
    for args in [
        &["--key", &key.private][..],
        &["--jwks", &key.set],
        &["--key", &other.private, "--key", &key.private],
        &["--jwks", &other.set, "--key", &key.private],
        &["--key", &key.private, "--alg", "ES384"],
    ] {
        let ended =
            run_with_stdin(TOKEN, ["show", "-"].iter().chain(args), with_line_end.as_bytes());

        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{args:?}");
        assert_eq!(shown(&ended)["verdict"], "valid", "{args:?}");
    }
}

#[test]
fn a_public_key_and_a_certificate_verify() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../sse-access/tests/jwt/data");
    let pem = fs::read(format!("{data}/rsa.pem")).unwrap();
    for algorithm in [Algorithm::Rs256, Algorithm::Ps512] {
        let key = SigningKey::from_pem(algorithm, &pem).unwrap();
        let token = key.sign(&json!({ "exp": later() }));
        for file in ["rsa.pem", "rsa-pkcs1.pem", "rsa-public.pem", "rsa-certificate.pem"] {
            let ended = run(TOKEN, ["show", &token, "--key", &format!("{data}/{file}")]);

            assert_eq!(shown(&ended)["verdict"], "valid", "{file}: {ended:?}");
        }
        let file = format!("{data}/rsa-public.pem");
        let ended = run(TOKEN, ["show", &token, "--key", &file, "--alg", "RS384"]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
    }
}

#[test]
fn what_is_not_valid_is_shown_with_the_reason_and_a_failure() {
    let key = Files::new(Algorithm::Es256);
    let secret = Files::new(Algorithm::Hs256);
    let good = key.token(json!({}));
    let [header, _, signature] = [0, 1, 2].map(|at| good.split('.').nth(at).unwrap());
    let claims = encoded(json!({ "exp": later(), "sse": { "listen": ["*"] } }));
    let public = fs::read(&key.set).unwrap();
    let confused = {
        let unsigned = unsigned(json!({ "alg": "HS256" }), json!({ "exp": later() }));
        let message = unsigned.trim_end_matches('.');
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), message.as_bytes());
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    };
    for (token, reason) in [
        (format!("{header}.{claims}.{signature}"), "the signature of the token is wrong"),
        (format!("{good}A"), ""),
        (key.token_with_end(1_000_000_000), "the token ended "),
        (key.token(json!({ "nbf": later() })), "the token begins in "),
        (key.sign(json!({ "sub": "alice" })), "the token does not say when it ends"),
        (key.token(json!({ "sub": 1 })), "one of them has a wrong type"),
        (secret.token(json!({})), "an algorithm that its key is not allowed for"),
        (confused, "an algorithm that its key is not allowed for"),
        (unsigned(json!({ "alg": "none" }), json!({ "exp": later() })), "algorithm"),
        (Files::new(Algorithm::Es256).token(json!({})), "the signature of the token is wrong"),
    ] {
        let ended = run(TOKEN, ["show", &token, "--jwks", &key.set]);

        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(reason), "{reason}: {ended:?}");
        let Ok(shown) = serde_json::from_str::<Value>(&ended.stdout) else {
            assert_eq!((&*ended.stdout, reason), ("", ""), "{ended:?}");
            continue;
        };
        let verdict = shown["verdict"].as_str().unwrap();
        assert!(verdict.starts_with("not valid: "), "{shown}");
        assert!(verdict.contains(ended.stderr.trim_end()), "{shown}: {ended:?}");
    }
}

#[test]
fn audience_and_issuer_are_compared_if_asked_for() {
    let key = Files::new(Algorithm::EdDsa);
    let token = key.token(json!({ "aud": ["a", "b"], "iss": "c" }));
    for (args, reason) in [
        (&["--audience", "b", "--issuer", "c"][..], None),
        (&["--audience", "x", "--audience", "a"], None),
        (&["--issuer", "x", "--issuer", "c"], None),
        (&["--audience", "c"], Some("the token is for another audience")),
        (&["--issuer", "a"], Some("the token is of another issuer")),
    ] {
        let ended = run(TOKEN, ["show", &token, "--key", &key.private].iter().chain(args));

        assert_eq!(ended.code, Some(if reason.is_some() { 1 } else { 0 }), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(reason.unwrap_or("")), "{args:?}: {ended:?}");
    }
}

#[test]
fn the_name_of_a_key_counts_in_a_set_and_not_for_a_file() {
    let key = Files::named(Algorithm::Es256, Some("one"));
    let token = key.token(json!({}));
    assert_eq!(shown(&run(TOKEN, ["show", &token]))["header"]["kid"], "one");
    let renamed = fs::read_to_string(&key.set).unwrap().replace("\"one\"", "\"other\"");
    let other = format!("{}.other", key.set);
    fs::write(&other, renamed).unwrap();

    assert_eq!(run(TOKEN, ["show", &token, "--jwks", &key.set]).code, Some(0));
    assert_eq!(run(TOKEN, ["show", &token, "--key", &key.private]).code, Some(0));
    let ended = run(TOKEN, ["show", &token, "--jwks", &other]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("signed with a key that is not known"), "{ended:?}");
}

#[test]
fn the_end_is_shown_as_a_date() {
    for (exp, ends, has_ended) in [
        (json!(1_000_000_000), json!("Sun, 09 Sep 2001 01:46:40 GMT"), json!(true)),
        (json!(4_000_000_000.5), json!("Tue, 02 Oct 2096 07:06:40 GMT"), json!(false)),
        (json!(253_402_300_799_u64), json!("Fri, 31 Dec 9999 23:59:59 GMT"), json!(false)),
        (json!(253_402_300_800_u64), json!(null), json!(false)),
        (json!(1e300), json!(null), json!(null)),
        (json!(-1), json!(null), json!(null)),
        (json!("soon"), json!(null), json!(null)),
        (json!(null), json!(null), json!(null)),
    ] {
        let token = unsigned(json!({ "alg": "none" }), json!({ "exp": exp }));

        let ended = run(TOKEN, ["show", &token]);

        assert_eq!(ended.code, Some(0), "{exp}: {ended:?}");
        let shown = shown(&ended);
        assert_eq!((&shown["ends"], &shown["has_ended"]), (&ends, &has_ended), "{exp}");
        assert_eq!(shown["claims"]["exp"], exp);
    }
}

#[test]
fn what_is_no_token_is_refused_and_not_repeated() {
    let object = encoded(json!({}));
    let deep = BASE64_URL_SAFE_NO_PAD.encode("[".repeat(100_000));
    for (token, reason) in [
        (String::new(), "three parts with dots between them"),
        ("s3cret".to_owned(), "three parts with dots between them"),
        (format!("{object}.{object}"), "three parts with dots between them"),
        (format!("{object}.{object}.s3cret.{object}"), "three parts with dots between them"),
        (format!("Bearer {object}.{object}.s3cret"), "its first part is not an object of JSON"),
        (format!("s3cret.{object}."), "its first part is not an object of JSON"),
        (format!("{object}.s3cret."), "its second part is not an object of JSON"),
        (format!("{object}.{}.", encoded(json!([]))), "its second part is not an object of JSON"),
        (format!("{object}.{deep}."), "its second part is not an object of JSON"),
    ] {
        let ended = run_with_stdin(TOKEN, ["show"], token.as_bytes());

        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
        assert!(ended.stderr.contains(reason), "{reason}: {ended:?}");
        assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
    }
    let ended = run_with_stdin(TOKEN, ["show"], b"\xff.\xff.\xff");
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
}

#[test]
fn text_of_a_token_cannot_command_the_terminal() {
    let text = "\u{1b}[2J\u{9b}\u{202e}\n é";
    let token = unsigned(json!({ "alg": "none" }), json!({ "sub": text }));

    let ended = run(TOKEN, ["show", &token]);

    assert_eq!(shown(&ended)["claims"]["sub"], text);
    for character in ['\u{1b}', '\u{9b}', '\u{202e}'] {
        assert!(!ended.stdout.contains(character), "{ended:?}");
    }
    assert!(ended.stdout.contains(" é"), "{ended:?}");
}

#[test]
fn what_means_nothing_is_refused_with_the_reason() {
    let key = Files::new(Algorithm::Es256);
    let token = key.token(json!({}));
    let private = &*key.private;
    for (args, reason) in [
        (&["--key", "nofile"][..], "--key: cannot read nofile"),
        (&["--jwks", "nofile"], "--jwks: cannot read nofile"),
        (&["--jwks", private], "this is no JWK set"),
        (&["--key", private, "--alg", "HS256"], "this is a PEM file"),
        (&["--key", &key.set], "this is JSON, and a JWK set is given by --jwks"),
        (&["--alg", "ES256"], "--key <FILE>"),
        (&["--audience", "a"], "--audience and --issuer are checked only with --key or --jwks"),
        (&["--issuer", "a"], "--audience and --issuer are checked only with --key or --jwks"),
        (&["--key", private, "--audience", ""], "expected 1 to 512 bytes"),
        (&["extra"], "unexpected argument 'extra'"),
    ] {
        let ended = run(TOKEN, ["show", &token].iter().chain(args));

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(reason), "{args:?}: {ended:?}");
    }
    let ended = run_with_stdin(TOKEN, ["show", "-", "--key", "-"], token.as_bytes());
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("standard input has been read"), "{ended:?}");
}

/// A key, and files with it.
struct Files {
    key: SigningKey,
    private: String,
    /// Empty for a secret.
    set: String,
    _dir: TempDir,
}

impl Files {
    fn new(algorithm: Algorithm) -> Self {
        Self::named(algorithm, None)
    }

    fn named(algorithm: Algorithm, id: Option<&str>) -> Self {
        let dir = TempDir::new().unwrap();
        let key = SigningKey::generate(algorithm).unwrap();
        let key = match id {
            Some(id) => key.with_id(id),
            None => key,
        };
        let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        let (private, set) = (at("key"), at("jwks"));
        fs::write(&private, key.contents()).unwrap();
        if let Some(jwk) = key.public_jwk() {
            fs::write(&set, json!({ "keys": [jwk] }).to_string()).unwrap();
        }
        Self { key, private, set, _dir: dir }
    }

    /// A token that has not ended, with these claims too.
    fn token(&self, mut claims: Value) -> String {
        claims["exp"] = later().into();
        self.sign(claims)
    }

    fn token_with_end(&self, exp: u64) -> String {
        self.sign(json!({ "exp": exp }))
    }

    fn sign(&self, claims: Value) -> String {
        self.key.sign(&claims)
    }
}

fn unsigned(header: Value, claims: Value) -> String {
    format!("{}.{}.", encoded(header), encoded(claims))
}

fn encoded(json: Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(json.to_string())
}

fn later() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 3600
}

fn shown(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}
