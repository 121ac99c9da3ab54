//! Secrets that are no arguments, which every user of the machine can read.

use std::{fs, process::Command};

use tempfile::TempDir;

use crate::support::{
    BENCH, CLIENT, Ended, Peer, Process, REQUEST, answer, held_stream, run, run_with_stdin, stream,
    to_post,
};

const HEADERS: &str =
    "Authorization: Bearer s3cret\r\n\nX-Api-Key:  k3y\t\n   \nAccept-Language: de";

#[test]
fn headers_are_read_from_a_file_or_standard_input() {
    let dir = TempDir::new().unwrap();
    let at_file = format!("@{}", write(&dir, HEADERS));
    for header in [&*at_file, "@-"] {
        let mut peer = Peer::start([stream("data: a\n\n")]);
        let port = peer.port();
        let args = ["42", "-P", &port, "--count", "1", "--header", "A: b", "--header", header];

        let ended = run_with_stdin(CLIENT, args, HEADERS.as_bytes());

        assert_eq!(ended.code, Some(0), "{header}: {ended:?}");
        let request = peer.request();
        for (name, value) in [
            ("a", "b"),
            ("authorization", "Bearer s3cret"),
            ("x-api-key", "k3y"),
            ("accept-language", "de"),
        ] {
            assert_eq!(request.field(name), Some(value), "{header}: {request:?}");
        }
    }
}

#[test]
fn headers_of_the_bench_are_read_from_files_too() {
    let dir = TempDir::new().unwrap();
    let file = format!("@{}", write(&dir, HEADERS));
    let mut listened = Peer::start([held_stream("")]);
    let mut published = Peer::start([to_post(answer("200 OK", ""))]);
    let listen = format!("http://127.0.0.1:{}/", listened.port());
    let publish = format!("http://127.0.0.1:{}/", published.port());
    let at = ["--listen", &listen, "--publish", &publish, "-l", "1", "-n", "1", "--patience", "1"];

    // The event does not come, which is not what this is about.
    run(BENCH, at.iter().chain(&["--header", &file, "--listen-header", &file]));

    for request in [listened.request(), published.request()] {
        assert_eq!(request.field("authorization"), Some("Bearer s3cret"), "{request:?}");
        assert_eq!(request.field("x-api-key"), Some("k3y"), "{request:?}");
    }
}

#[test]
fn headers_of_a_file_that_cannot_be_sent_are_named_by_their_line_alone() {
    let dir = TempDir::new().unwrap();
    for (text, line) in [
        ("A: b\n\nX-Api-Key s3cret\n", 3),
        ("s3cret\n", 1),
        ("s3cret key: b\n", 1),
        (": s3cret\n", 1),
        ("A: b\nX-Api-Key: s3cret\x01\n", 2),
        ("A: b\r\n s3cret\r\n", 2),
    ] {
        let file = write(&dir, text);

        let ended = run(CLIENT, ["42", "--header", &format!("@{file}")]);

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{text:?}: {ended:?}");
        let named = format!("--header: line {line} of {file}");
        assert!(ended.stderr.contains(&named), "{text:?}: {ended:?}");
        assert!(!ended.stderr.contains("s3cret"), "{text:?}: {ended:?}");
    }
    let nowhere = run(CLIENT, ["42", "--header", "@nofile"]);
    assert_eq!(nowhere.code, Some(2), "{nowhere:?}");
    assert!(nowhere.stderr.contains("--header: cannot read nofile"), "{nowhere:?}");
}

#[test]
fn headers_that_were_typed_wrongly_are_not_repeated() {
    for header in ["X-Api-Key s3cret", "s3cret", "X-Api-Key: s3cret\u{1}", "s3 cret: x"] {
        let ended = run(CLIENT, ["42", "--header", "A: b", "--header", header]);

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{header:?}: {ended:?}");
        assert!(ended.stderr.contains("--header: number 2"), "{header:?}: {ended:?}");
        assert!(!ended.stderr.contains("cret"), "{header:?}: {ended:?}");
    }
}

#[test]
fn password_is_the_first_line_of_a_file() {
    let dir = TempDir::new().unwrap();
    for text in ["open sesame", "open sesame\n", "open sesame\r\n", "open sesame\nmore\n"] {
        let file = write(&dir, text);
        let args = ["-u", "Aladdin", "--password-file", &file];

        for (ended, authorization) in both(&args, None) {
            assert_eq!(ended.code, Some(0), "{text:?}: {ended:?}");
            assert_eq!(authorization.as_deref(), Some(SESAME), "{text:?}");
        }
    }
    let file = write(&dir, " kept as it is \t\n");
    for (_, authorization) in both(&["-u", "me", "--password-file", &file], None) {
        assert_eq!(authorization.as_deref(), Some("Basic bWU6IGtlcHQgYXMgaXQgaXMgCQ=="));
    }
}

#[test]
fn password_is_in_the_environment_unless_an_option_has_it() {
    let dir = TempDir::new().unwrap();
    let file = write(&dir, "open sesame\n");
    for (args, expected) in [
        (&["-u", "Aladdin"][..], Some("Basic QWxhZGRpbjpmcm9tIHRoZSBlbnZpcm9ubWVudA==")),
        (&["-u", "Aladdin", "-p", "open sesame"], Some(SESAME)),
        (&["-u", "Aladdin", "--password-file", &file], Some(SESAME)),
        // Without a user there is no password either.
        (&[], None),
    ] {
        for (ended, authorization) in both(args, Some("from the environment")) {
            assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}");
            assert_eq!(authorization.as_deref(), expected, "{args:?}");
        }
    }
}

#[test]
fn password_that_cannot_be_had_is_a_wrong_use() {
    let dir = TempDir::new().unwrap();
    let file = write(&dir, "s3cret\n");
    let binary = write_bytes(&dir, b"s3cret\xff\n");
    for (args, reason) in [
        (&["--password-file", &*file][..], "--user"),
        (&["-u", "me", "-p", "x", "--password-file", &file], "cannot be used with"),
        (&["-u", "me", "--password-file", "nofile"], "--password-file: cannot read nofile"),
        (&["-u", "me", "--password-file", &binary], "is not UTF-8"),
    ] {
        for program in [CLIENT, REQUEST] {
            let token: &[&str] = if program == CLIENT { &["42"] } else { &["42", "ping"] };

            let ended = run(program, token.iter().chain(args));

            assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{args:?}: {ended:?}");
            assert!(ended.stderr.contains(reason), "{args:?}: {ended:?}");
            assert!(!ended.stderr.contains("s3cret"), "{args:?}: {ended:?}");
        }
    }
}

#[test]
fn standard_input_is_read_for_one_thing_alone() {
    for (program, args) in [
        (CLIENT, &["42", "--header", "@-", "--data", "-"][..]),
        (CLIENT, &["42", "--header", "@-", "--header", "@-"]),
        (CLIENT, &["42", "--header", "@-", "-u", "me", "--password-file", "-"]),
        (REQUEST, &["42", "ping", "-", "-u", "me", "--password-file", "-"]),
    ] {
        let ended = run_with_stdin(program, args, b"A: b\n");

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains("standard input has been read"), "{args:?}: {ended:?}");
    }
}

/// How client and request end with `args`, and what they sent as `Authorization`.
fn both(args: &[&str], environment: Option<&str>) -> [(Ended, Option<String>); 2] {
    [(CLIENT, "--count=1"), (REQUEST, "ping")].map(|(program, last)| {
        let script = match program {
            CLIENT => stream("data: a\n\n"),
            _ => to_post(answer("200 OK", "")),
        };
        let mut peer = Peer::start([script]);
        let mut command = Command::new(program);
        command.args(["42", last, "-P", &peer.port()]).args(args);
        match environment {
            Some(password) => command.env("EVENTSOURCE_PASSWORD", password),
            None => command.env_remove("EVENTSOURCE_PASSWORD"),
        };
        let ended = Process::spawn(&mut command).wait();
        assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}");
        (ended, peer.request().field("authorization").map(str::to_owned))
    })
}

fn write(dir: &TempDir, text: &str) -> String {
    write_bytes(dir, text.as_bytes())
}

fn write_bytes(dir: &TempDir, bytes: &[u8]) -> String {
    let name = if bytes.is_ascii() { "secret" } else { "binary" };
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    path.into_os_string().into_string().unwrap()
}

const SESAME: &str = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";

#[test]
fn password_behind_a_user_or_before_a_host_is_not_repeated() {
    for program in [CLIENT, REQUEST] {
        let channel: &[_] = if program == CLIENT { &["42"] } else { &["42", "ping"] };

        let ended = run(program, channel.iter().chain(&["-u", "me:s3cret"]));

        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("--user") && !ended.stderr.contains("s3cret"), "{ended:?}");
        let ended = run(program, channel.iter().chain(&["-H", "me:s3cret@a.example"]));
        assert_eq!(ended.code, Some(2), "{ended:?}");
        let shown = ended.stderr.contains("'***@a.example' for '--host <HOST>'");
        assert!(shown && !ended.stderr.contains("s3cret"), "{ended:?}");
    }
}
