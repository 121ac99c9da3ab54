//! Names and passwords.

#[cfg(target_os = "linux")]
use std::fs;

use sse_access::Algorithm;
use tempfile::TempDir;

use crate::support::{CLIENT, Issuer, Poster, Process, REQUEST, Server, passwords, run, status};

#[test]
fn the_commands_present_a_name_and_a_password() {
    let dir = TempDir::new().unwrap();
    let users = passwords(
        &dir,
        &[("alice", "open sesame", &[][..]), ("bob", "pässwört:1", &["--listen", "room:*"])],
    );
    let server = Server::start(&["--password-file", &users]);
    let port = server.port();
    let bob = ["-P", &port, "-u", "bob", "-p", "pässwört:1"];
    let alice = ["-P", &port, "-u", "alice", "-p", "open sesame"];
    let listen = ["room:1", "--count", "1", "-d"];
    let listener = Process::start(CLIENT, listen.iter().chain(&bob));
    listener.log_line("open");

    let sent = run(REQUEST, ["room:1", "ping", "hello"].iter().chain(&alice));
    assert_eq!((sent.code, &*sent.stdout, &*sent.stderr), (Some(0), "", ""));

    assert_eq!(listener.line(), "Event<,ping,hello>");
    for (args, reason) in [
        (&["room:1", "ping", "x", "-P", &port][..], "401 Unauthorized): Credentials are needed"),
        (
            &["room:1", "ping", "x", "-P", &port, "-u", "bob", "-p", "x"],
            "Credentials are not valid",
        ),
        (
            &["room:1", "ping", "x", "-P", &port, "-u", "eve", "-p", "x"],
            "Credentials are not valid",
        ),
        (&[&["room:1", "ping", "x"][..], &bob].concat(), "403 Forbidden): This is not permitted"),
        // It has to be listed for a name.
        (&[&["room:1", "close"][..], &alice].concat(), "403 Forbidden): This is not permitted"),
    ] {
        let refused = run(REQUEST, args);

        assert_eq!((refused.code, &*refused.stdout), (Some(1), ""), "{args:?}: {refused:?}");
        assert!(refused.stderr.contains(reason), "{args:?}: {refused:?}");
    }
}

#[test]
fn a_password_counts_for_programs_and_pages_of_the_server_but_not_of_other_sites() {
    let dir = TempDir::new().unwrap();
    let users = passwords(&dir, &[("Aladdin", "open sesame", &[])]);
    let args = ["--password-file", &users, "--allow-origin", "https://app.example"];
    let server = Server::start(&args);

    for (fields, expected) in [
        (&[][..], 200),
        (&[("sec-fetch-site", "same-origin")], 200),
        (&[("origin", "https://app.example")], 401),
        (&[("sec-fetch-site", "cross-site")], 403),
    ] {
        let fields = [fields, &[("authorization", SESAME)]].concat();
        assert_eq!(status(server.addr(), "HEAD", "/poll/a", &fields), expected, "{fields:?}");
    }
}

#[test]
fn browsers_are_asked_for_a_password_where_one_would_do_and_a_page_is_opened() {
    let (dir, issuer) = (TempDir::new().unwrap(), Issuer::new(Algorithm::EdDsa));
    let jwks = issuer.jwks();
    let users = passwords(&dir, &[]);
    let bearer = "www-authenticate: Bearer realm=\"events\"";
    let basic = "www-authenticate: Basic realm=\"events\", charset=\"UTF-8\"";
    for (args, fields, expected) in [
        (&["--password-file", &*users][..], &[][..], &[basic, bearer][..]),
        (&["--password-file", &users], &[("sec-fetch-mode", "cors")], &[bearer]),
        (&["--jwks", &jwks], &[], &[bearer]),
    ] {
        let server = Server::start(args);
        let answer = Poster::new(server.addr()).ask("GET", "/poll/a", fields);

        assert_eq!(answer.status(), 401);
        let asked = answer.head.fields();
        let asked: Vec<_> =
            asked.iter().filter(|field| field.starts_with("www-authenticate")).collect();
        assert_eq!(asked, expected, "{args:?} {fields:?}");
    }
}

/// Allocators hand on pieces of megabytes badly, so that each wrong password could take new ones.
#[test]
#[cfg(target_os = "linux")]
fn whoever_guesses_passwords_takes_the_memory_of_two_hashes_at_most() {
    let dir = TempDir::new().unwrap();
    let users = passwords(&dir, &[("alice", "open sesame", &[])]);
    let server = Server::start(&["--password-file", &users]);
    let most = || {
        let path = format!("/proc/{}/status", server.pid().as_raw_nonzero());
        let status = fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap()
    };
    let start = most();

    for _ in 0..16 {
        let fields = [("authorization", "Basic YWxpY2U6d3Jvbmc=")];
        assert_eq!(status(server.addr(), "HEAD", "/poll/a", &fields), 401);
    }

    let taken = most() - start;
    assert!(taken < 3 * 19 * 1024, "{taken} KiB");
}

const SESAME: &str = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
