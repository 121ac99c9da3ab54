//! How the commands name themselves and their user, and by which way they go.

use std::process::Command;

use sse_testkit::Step;

use crate::support::{CLIENT, Peer, Process, REQUEST, answer, run, stream, to_post};

#[test]
fn commands_name_themselves_unless_they_are_told_another_name() {
    let version = env!("CARGO_PKG_VERSION");
    for (more, client, request) in [
        (
            &[][..],
            format!("eventsource-client/{version}"),
            format!("eventsource-request/{version}"),
        ),
        (&["--header", "user-agent: mine/1"], "mine/1".to_owned(), "mine/1".to_owned()),
    ] {
        let mut peer = Peer::start([stream("data: a\n\n"), to_post(answer("200 OK", ""))]);
        let port = peer.port();

        let listened = run(CLIENT, ["42", "--count", "1", "-P", &port].iter().chain(more));
        let sent = run(REQUEST, ["42", "ping", "x", "-P", &port].iter().chain(more));

        assert_eq!((listened.code, sent.code), (Some(0), Some(0)), "{listened:?} {sent:?}");
        assert_eq!(peer.request().field("user-agent"), Some(&*client));
        assert_eq!(peer.request().field("user-agent"), Some(&*request));
    }
}

#[test]
fn header_comes_before_a_user() {
    let authorization = ["--header", "Authorization: Bearer x", "-u", "me", "-p", "secret"];
    let mut peer =
        Peer::start([stream("data: a\n\n"), stream("data: a\n\n"), to_post(answer("200 OK", ""))]);
    let port = peer.port();
    let url = format!("http://me:secret@127.0.0.1:{port}/");

    let by_token = run(CLIENT, ["42", "--count", "1", "-P", &port].iter().chain(&authorization));
    let by_url = run(CLIENT, ["--url", &url, "--count", "1"].iter().chain(&authorization[..2]));
    let sent = run(REQUEST, ["42", "ping", "x", "-P", &port].iter().chain(&authorization));

    for ended in [by_token, by_url, sent] {
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(peer.request().field("authorization"), Some("Bearer x"));
    }
}

#[test]
fn both_commands_go_by_the_same_proxies() {
    let request_head = |proxy: &mut Peer| proxy.request().head.lines().next().unwrap().to_owned();
    let mut proxy = Peer::start([
        stream("data: a\n\n"),
        to_post(answer("200 OK", "")),
        stream("data: a\n\n"),
        to_post(answer("200 OK", "")),
    ]);
    let address = format!("http://127.0.0.1:{}", proxy.port());
    let host = ["42", "-H", "events.example"];

    let by_environment = |program: &str, more: &[&str]| {
        let mut command = Command::new(program);
        command.args(host).args(more).env("http_proxy", &address);
        Process::spawn(&mut command).wait()
    };
    let by_option = |program: &str, more: &[&str]| {
        run(program, host.iter().chain(more).chain(&["--proxy", &address]))
    };
    for ended in [
        by_environment(CLIENT, &["--count", "1"]),
        by_environment(REQUEST, &["ping", "x"]),
        by_option(CLIENT, &["--count", "1"]),
        by_option(REQUEST, &["ping", "x"]),
    ] {
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    for _ in 0..2 {
        let listens = "GET http://events.example:8888/poll/42 HTTP/1.1";
        assert_eq!(request_head(&mut proxy), listens);
        let sends = "POST http://events.example:8888/ping/42 HTTP/1.1";
        assert_eq!(request_head(&mut proxy), sends);
    }
}

#[test]
fn this_machine_is_not_reached_by_the_proxies_of_the_environment() {
    for host in ["127.0.0.1", "localhost"] {
        let mut peer = Peer::start([stream("data: a\n\n"), to_post(answer("200 OK", ""))]);
        let port = peer.port();
        for (program, more) in [(CLIENT, &["--count", "1"][..]), (REQUEST, &["ping", "x"])] {
            let mut command = Command::new(program);
            command.args(["42", "-H", host, "-P", &port]).args(more);
            command.env("http_proxy", "http://127.0.0.1:1").env("all_proxy", "ftp://nowhere");

            let ended = Process::spawn(&mut command).wait();

            assert_eq!(ended.code, Some(0), "{ended:?}");
            assert!(peer.request().head.contains(" /"));
        }
    }
}

#[test]
fn proxy_that_cannot_be_used_is_named() {
    for (variable, value) in [
        ("http_proxy", "ftp://me:secret@proxy.example"),
        ("http_proxy", "::::"),
        ("all_proxy", "http://"),
        ("http_proxy", "http://proxy.example:99999"),
    ] {
        for (program, more) in [(CLIENT, &["42"][..]), (REQUEST, &["42", "ping", "x"])] {
            let mut command = Command::new(program);
            command.args(more).args(["-H", "events.example"]).env(variable, value);

            let ended = Process::spawn(&mut command).wait();

            assert_eq!(ended.code, Some(1), "{value}: {ended:?}");
            assert!(ended.stderr.contains(variable), "{value}: {ended:?}");
            assert!(!ended.stderr.contains("secret"), "{value}: {ended:?}");
        }
    }
}

#[test]
fn interim_answers_without_end_do_not_hold_the_commands_up() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(4000);
    let script = || [vec![Step::ExpectHead], vec![Step::send(hints.clone()); 200]].concat();
    let peer = Peer::start([script(), script()]);
    let port = peer.port();

    let listened = run(CLIENT, ["42", "--max-time", "300", "-P", &port]);
    let sent = run(REQUEST, ["42", "ping", "x", "--timeout", "300", "-P", &port]);

    assert_eq!((listened.code, sent.code), (Some(1), Some(1)));
    assert!(listened.stderr.contains("300ms"), "{listened:?}");
    assert!(sent.stderr.contains("300ms"), "{sent:?}");
}
