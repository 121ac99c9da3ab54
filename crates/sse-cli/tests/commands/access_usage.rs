//! Wrong uses of the options of access and limits: exit code 2, the option and the reason.

use std::fs;

use sse_access::Algorithm;
use tempfile::TempDir;

use crate::support::{Issuer, SERVER, passwords, run};

#[test]
fn every_number_is_refused_by_name_and_with_its_bounds() {
    let any = "0 to 4294967295";
    for (option, bounds) in [
        ("--auth-timeout", "1 to 4294967295"),
        ("--auth-ttl", any),
        ("--ticket-ttl", "1 to 4294967295"),
        ("--max-connections", any),
        ("--max-connections-per-address", any),
        ("--connection-rate", any),
        ("--max-listeners-per-address", any),
        ("--max-listeners-per-subject", any),
        ("--publish-rate", any),
        ("--max-auth-failures", any),
    ] {
        let below = if bounds == any { "-1" } else { "0" };
        for number in ["", "x", "1.5", below, "4294967296"] {
            let ended = run(SERVER, ["-P", "0", option, number]);

            assert_eq!(ended.code, Some(2), "{option} {number:?}: {ended:?}");
            let reason = format!("expected a number from {bounds}");
            assert!(ended.stderr.contains(option), "{option} {number:?}: {ended:?}");
            assert!(ended.stderr.contains(&format!("'{number}'")), "{option}: {ended:?}");
            assert!(ended.stderr.contains(&reason), "{option} {number:?}: {ended:?}");
        }
    }
}

#[test]
fn what_means_nothing_is_refused_with_the_option_and_the_reason() {
    let dir = TempDir::new().unwrap();
    let secret = file(&dir, "secret", &"s".repeat(32));
    let key = format!("HS256={secret}");
    let with = |option: &'static str, value: &'static str| vec!["--jwt-key", &key, option, value];
    for (args, option, reason) in [
        (vec!["--jwt-key", "HS256"], "--jwt-key", "expected an algorithm, `=` and a file"),
        (vec!["--jwt-key", "HS256="], "--jwt-key", "expected an algorithm, `=` and a file"),
        (vec!["--jwt-key", "HS256:=f"], "--jwt-key", "the name of the key behind the colon"),
        (vec!["--jwt-key", "none=f"], "--jwt-key", "there is no algorithm \"none\" here"),
        (vec!["--jwt-key", "HS256,hs384=f"], "--jwt-key", "there is no algorithm \"hs384\" here"),
        (vec!["--jwks", "http://"], "--jwks", "this is no address"),
        (vec!["--jwks", "https://me:s3cret@h/"], "--jwks", "no name and no password"),
        (vec!["--auth-url", "h/check"], "--auth-url", "this is no address"),
        (vec!["--auth-url", "ftp://h/"], "--auth-url", "only `http` and `https`"),
        (vec!["--auth-url", "http://me:s3cret@h/"], "--auth-url", "no name and no password"),
        (with("--cookie", "a b"), "--cookie", "no cookie can be named \"a b\""),
        (with("--cookie", ""), "--cookie", "a value is required"),
        (with("--jwt-audience", ""), "--jwt-audience", "a value is required"),
        (with("--jwt-issuer", ""), "--jwt-issuer", "a value is required"),
        (vec!["--anonymous-listen", "a*b"], "--anonymous-listen", "`*` stands for the rest"),
        (vec!["--anonymous-listen", ""], "--anonymous-listen", "the token is empty"),
        (vec!["--anonymous-publish", "**"], "--anonymous-publish", "`*` stands for the rest"),
        (vec!["--trusted-proxy", "proxy"], "--trusted-proxy", "expected a network such as"),
        (vec!["--trusted-proxy", "10.0.0.0/33"], "--trusted-proxy", "expected a network such as"),
        (vec!["--trusted-proxy", "::1", "--client-address", "x"], "--client-address", "forwarded"),
        (vec!["--action", "ticket"], "ticket", "is kept for the action"),
    ] {
        let ended = run(SERVER, ["-P", "0"].iter().chain(&args));

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{args:?}: {ended:?}");
        for text in [option, reason] {
            assert!(ended.stderr.contains(text), "{args:?}: {text}: {ended:?}");
        }
        assert!(!ended.stderr.contains("s3cret"), "{args:?}: {ended:?}");
    }
}

#[test]
fn files_that_cannot_be_used_are_named_with_the_option() {
    let dir = TempDir::new().unwrap();
    let issuer = Issuer::new(Algorithm::EdDsa);
    let (short, text) = (file(&dir, "short", "s3cret"), file(&dir, "text", &"s3cret ".repeat(9)));
    let empty_set = file(&dir, "empty", r#"{"keys": []}"#);
    let no_hash = file(&dir, "no-hash", "# users\n\nalice:s3cret\n");
    let (private, nowhere) = (issuer.key(), issuer.file("nowhere"));
    let folder = dir.path().to_str().unwrap().to_owned();
    let credentials = ["--password-file", &passwords(&dir, &[])];
    for (option, kind, file, reason) in [
        ("--jwt-key", "HS256=", &nowhere, "cannot read "),
        ("--jwt-key", "HS256=", &folder, "cannot read "),
        ("--jwt-key", "HS256:main=", &short, "a secret of 6 bytes is too short"),
        ("--jwt-key", "RS256=", &text, "which needs an RSA key"),
        ("--jwt-key", "EdDSA=", &private, "this is a private key"),
        ("--jwt-key", "HS256=", &issuer.jwks(), "this is a JWK or DER file"),
        ("--jwks", "", &nowhere, "cannot read "),
        ("--jwks", "", &folder, "cannot read "),
        ("--jwks", "", &text, "this is no JWK set"),
        ("--jwks", "", &empty_set, "the list `keys` is empty"),
        ("--password-file", "", &nowhere, "cannot read "),
        ("--password-file", "", &folder, "cannot read "),
        ("--password-file", "", &no_hash, "line 3: "),
        ("--ticket-key", "", &nowhere, "cannot read "),
        ("--ticket-key", "", &folder, "cannot read "),
        ("--ticket-key", "", &short, "a key of 6 bytes is too short: at least 32"),
    ] {
        let value = format!("{kind}{file}");
        let args = [option, &value];
        let more = if option == "--ticket-key" { &credentials[..] } else { &[] };

        let ended = run(SERVER, ["-P", "0"].into_iter().chain(args).chain(more.iter().copied()));

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{option} {value}: {ended:?}");
        let named = ended.stderr.starts_with(&format!("error: {option}: cannot "));
        assert!(named && ended.stderr.contains(file.as_str()), "{option} {value}: {ended:?}");
        assert!(ended.stderr.contains(reason), "{option} {value}: {ended:?}");
        assert!(!ended.stderr.contains("s3cret"), "{option} {value}: {ended:?}");
    }
}

#[test]
fn options_that_nothing_would_heed_are_refused() {
    let dir = TempDir::new().unwrap();
    let users = passwords(&dir, &[]);
    let credentials = "--jwt-key, --jwks, --password-file or --auth-url";
    for (args, option, needed) in [
        (&["--jwt-audience", "a"][..], "--jwt-audience", "--jwt-key or --jwks"),
        (&["--jwt-issuer", "a"], "--jwt-issuer", "--jwt-key or --jwks"),
        (&["--jwt-issuer", "a", "--password-file", &users], "--jwt-issuer", "--jwt-key or --jwks"),
        (&["--cookie", "a"], "--cookie", "--jwt-key, --jwks or --auth-url"),
        (
            &["--cookie", "a", "--password-file", &users],
            "--cookie",
            "--jwt-key, --jwks or --auth-url",
        ),
        (&["--ticket-key", &users], "--ticket-key", credentials),
        (&["--ticket-key", &users, "--anonymous-listen", "*"], "--ticket-key", credentials),
        (&["--ticket-ttl", "1000"], "--ticket-ttl", credentials),
        (&["--ticket-ttl", "1000", "--open"], "--ticket-ttl", credentials),
        (&["--auth-timeout", "1000"], "--auth-timeout", "--auth-url"),
        (&["--auth-ttl", "1000"], "--auth-ttl", "--auth-url"),
        (&["--client-address", "forwarded"], "--client-address", "--trusted-proxy"),
    ] {
        let ended = run(SERVER, ["-P", "0"].iter().chain(args));

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{args:?}: {ended:?}");
        for text in [option, needed] {
            assert!(ended.stderr.contains(text), "{args:?}: {text}: {ended:?}");
        }
    }
}

#[test]
fn an_open_server_has_no_access_control() {
    let dir = TempDir::new().unwrap();
    let users = passwords(&dir, &[]);
    for args in [
        &["--anonymous-listen", "news"][..],
        &["--anonymous-publish", "news"],
        &["--password-file", &users],
        &["--auth-url", "http://127.0.0.1:9/"],
        &["--jwks", "http://127.0.0.1:9/"],
    ] {
        let ended = run(SERVER, ["-P", "0", "--open"].iter().chain(args));

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains("--open is for a server without"), "{args:?}: {ended:?}");
    }
}

fn file(dir: &TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    path.into_os_string().into_string().unwrap()
}
