//! `eventsource-token mint`: what a token says that it makes.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Ended, TOKEN, run, run_with_stdin};

#[test]
fn a_token_is_verified_by_the_other_half_of_its_key() {
    let dir = TempDir::new().unwrap();
    for alg in ["ES256", "ES384", "EdDSA", "HS256"] {
        let (file, set) = key(&dir, alg);

        // The algorithm is that of the key.
        let ended = run(TOKEN, ["mint", "--key", &file, "--listen", "news"]);

        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{alg}");
        let token = ended.stdout.strip_suffix('\n').unwrap();
        let [header, _] = parts(token);
        assert_eq!(header, json!({ "typ": "JWT", "alg": alg }));
        let (option, file) = if set.is_empty() { ("--key", file) } else { ("--jwks", set) };
        assert_valid(&run(TOKEN, ["show", option, &file, token]));
    }
}

#[test]
fn an_rsa_key_and_a_long_secret_sign_as_they_are_told() {
    let dir = TempDir::new().unwrap();
    let rsa = concat!(env!("CARGO_MANIFEST_DIR"), "/../sse-access/tests/jwt/data/rsa.pem");
    let (secret, _) = key(&dir, "HS512");
    for (file, alg, expected) in [
        (rsa, None, "RS256"),
        (rsa, Some("PS384"), "PS384"),
        (&secret, Some("HS512"), "HS512"),
        (&secret, Some("HS256"), "HS256"),
    ] {
        let alg = alg.map(|alg| ["--alg", alg]);
        let args = ["mint", "--key", file, "--publish", "a"];

        let ended = run(TOKEN, args.iter().chain(alg.iter().flatten()));

        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{expected}");
        assert_eq!(parts(ended.stdout.trim_end())[0]["alg"], expected);
    }
    let ended = run(TOKEN, ["mint", "--key", &secret, "--listen", "a"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{ended:?}");
    assert!(ended.stderr.contains("may be for HS384 or HS512 too: say for which by --alg"));
}

#[test]
fn a_token_says_what_was_asked_for() {
    let dir = TempDir::new().unwrap();
    let (file, _) = key(&dir, "HS256");
    let args = [
        "mint",
        "--key",
        &file,
        "--kid",
        "2026",
        "--listen",
        "news",
        "--listen",
        "room:*",
        "--publish",
        "*",
        "--action",
        "ping",
        "--action",
        "close",
        "--subject",
        "älice",
        "--id",
        "7",
        "--audience",
        "a",
        "--audience",
        "b",
        "--issuer",
        "https://issuer.example",
        "--expires-in",
        "7d",
    ];
    let before = now();

    let ended = run(TOKEN, args);

    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    let [header, mut claims] = parts(ended.stdout.trim_end());
    assert_eq!(header, json!({ "typ": "JWT", "alg": "HS256", "kid": "2026" }));
    let [iat, exp] = ["iat", "exp"].map(|claim| claims[claim].take().as_u64().unwrap());
    assert!((before..=now()).contains(&iat), "{iat}");
    assert_eq!(exp - iat, 7 * 24 * 60 * 60);
    let expected = json!({
        "iat": null, "exp": null, "sub": "älice", "jti": "7", "aud": ["a", "b"],
        "iss": "https://issuer.example",
        "sse": { "listen": ["news", "room:*"], "publish": ["*"], "actions": ["ping", "close"] },
    });
    assert_eq!(claims, expected);
}

#[test]
fn what_was_not_asked_for_is_left_out_but_an_id_and_an_hour() {
    let dir = TempDir::new().unwrap();
    let (file, _) = key(&dir, "EdDSA");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let ended = run(TOKEN, ["mint", "-k", &file, "--publish", "room:*", "--audience", "a"]);

        let [_, mut claims] = parts(ended.stdout.trim_end());
        let (iat, exp) = (claims["iat"].take(), claims["exp"].take());
        assert_eq!(exp.as_u64().unwrap() - iat.as_u64().unwrap(), 3600);
        let id = claims["jti"].take();
        assert_eq!(id.as_str().unwrap().len(), 22, "{id}");
        assert!(!ids.contains(&id), "{id}");
        ids.push(id);
        let sse = json!({ "publish": ["room:*"] });
        let expected = json!({ "iat": null, "exp": null, "jti": null, "aud": "a", "sse": sse });
        assert_eq!(claims, expected);
    }
}

#[test]
fn a_key_comes_from_standard_input_too() {
    let dir = TempDir::new().unwrap();
    let (file, set) = key(&dir, "ES256");

    let args = ["mint", "--key", "-", "--listen", "a"];
    let ended = run_with_stdin(TOKEN, args, &fs::read(file).unwrap());

    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    let token = ended.stdout;
    assert_valid(&run_with_stdin(TOKEN, ["show", "--jwks", &set], token.as_bytes()));
}

#[test]
fn what_means_nothing_is_refused_with_the_reason() {
    let dir = TempDir::new().unwrap();
    let (file, _) = key(&dir, "ES256");
    let listen = ["--listen", "a"];
    let long = "x".repeat(513);
    for (args, reason) in [
        (&[][..], "the token would permit nothing: give --listen or --publish"),
        (&["--listen", "a*b"], "'--listen <PATTERN>': `*` stands for the rest of a token"),
        (&["--publish", "**"], "'--publish <PATTERN>': `*` stands for the rest of a token"),
        (&["--listen", ""], "token is empty"),
        (&["--listen", "a\tb"], "control"),
        (&["--publish", &long], "513 bytes"),
        (&["--listen", "a", "--action", "ping"], "--publish <PATTERN>"),
        (&["--publish", "a", "--action", ""], "an action's name is empty"),
        (&["--listen", "a", "--subject", ""], "'--subject <TEXT>': expected 1 to 512 bytes"),
        (&["--listen", "a", "--subject", &long], "'--subject <TEXT>': expected 1 to 512 bytes"),
        (&["--listen", "a", "--id", "a\u{7f}"], "'--id <TEXT>': expected 1 to 512 bytes"),
        (&["--listen", "a", "--issuer", ""], "'--issuer <TEXT>': expected 1 to 512 bytes"),
        (&["--listen", "a", "--audience", ""], "'--audience <TEXT>': expected 1 to 512 bytes"),
        (&["--listen", "a", "--kid", "\n"], "'--kid <KID>': expected 1 to 512 bytes"),
        (&["--listen", "a", "--alg", "HS256"], "this is a PEM file"),
        (&["--listen", "a", "--alg", "ES384"], "this is no private key for ES384"),
        (&["--listen", "a", "--alg", "none"], "there is no algorithm \"none\""),
        (&["--listen", "a", "extra"], "unexpected argument 'extra'"),
    ] {
        let ended = run(TOKEN, ["mint", "--key", &file].iter().chain(args));

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(reason), "{args:?}: {ended:?}");
    }
    let ended = run(TOKEN, ["mint"].iter().chain(&listen));
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("--key <FILE>"), "{ended:?}");
}

#[test]
fn a_lifetime_has_a_unit_and_bounds() {
    let dir = TempDir::new().unwrap();
    let (file, _) = key(&dir, "HS256");
    for (time, seconds) in
        [("1s", 1), ("90s", 90), ("15m", 900), ("1h", 3600), ("3650d", 315_360_000)]
    {
        let args = ["mint", "--key", &file, "--listen", "a", "--expires-in", time];
        let [_, claims] = parts(run(TOKEN, args).stdout.trim_end());
        let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert_eq!(lifetime, seconds, "{time}");
    }
    for time in ["", "60", "0s", "-1h", "1.5h", "1 h", "1ms", "3651d", "99999999999999999999d"] {
        let ended = run(TOKEN, ["mint", "--key", &file, "--listen", "a", "--expires-in", time]);

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{time:?}: {ended:?}");
        let reason =
            "expected a number with s, m, h or d, as in 90s, 15m, 1h or 7d, from 1s to 3650d";
        let said = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("--expires-in <TIME>") && said.contains(reason), "{ended:?}");
    }
}

#[test]
fn what_is_no_key_is_refused_and_not_repeated() {
    let dir = TempDir::new().unwrap();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../sse-access/tests/jwt/data");
    let at = |name: &str| format!("{data}/{name}");
    let short = dir.path().join("short");
    fs::write(&short, "s3cret").unwrap();
    for (file, reason) in [
        ("nofile".to_owned(), "--key: cannot read nofile"),
        (dir.path().to_str().unwrap().to_owned(), "--key: cannot read "),
        (short.to_str().unwrap().to_owned(), "a secret of 6 bytes is too short"),
        (at("ed25519-public.pem"), "there is no PEM section with a private key"),
        (at("ed25519-encrypted.pem"), "the key is encrypted"),
        (at("p256-sec1.pem"), "the key is in the format SEC 1"),
    ] {
        let ended = run(TOKEN, ["mint", "--key", &file, "--listen", "a"]);

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{file}: {ended:?}");
        assert!(ended.stderr.contains(reason), "{file}: {ended:?}");
        assert!(ended.stderr.contains(&file) && !ended.stderr.contains("s3cret"), "{ended:?}");
    }
}

#[test]
fn a_token_that_no_server_takes_is_not_made() {
    let dir = TempDir::new().unwrap();
    let (file, _) = key(&dir, "HS256");
    let pattern = "x".repeat(250);
    let patterns = (0..30).flat_map(|_| ["--listen", &pattern]);

    let ended = run(TOKEN, ["mint", "--key", &file].into_iter().chain(patterns));

    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.contains("and at most 8192 are allowed"), "{ended:?}");
}

/// A new key, and the set with its public half, which is empty for a secret.
fn key(dir: &TempDir, alg: &str) -> (String, String) {
    let file = dir.path().join(alg).to_str().unwrap().to_owned();
    let ended = run(TOKEN, ["key", "--alg", alg, "--out", &file]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    if ended.stdout.is_empty() {
        return (file, String::new());
    }
    let set = format!("{file}.jwks");
    fs::write(&set, ended.stdout).unwrap();
    (file, set)
}

/// The header and the claims of a token.
fn parts(token: &str) -> [Value; 2] {
    let mut parts = token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap());
    [(); 2].map(|()| serde_json::from_slice(&parts.next().unwrap()).unwrap())
}

fn assert_valid(ended: &Ended) {
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    let shown: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(shown["verdict"], "valid", "{shown}");
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
