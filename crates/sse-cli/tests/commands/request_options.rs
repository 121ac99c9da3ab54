//! Each option of `eventsource-request`, and its answers.

use std::{io::Write, net::TcpListener};

use sse_testkit::{RecordedRequest, Step};
use tempfile::NamedTempFile;

use crate::support::{
    Listener, Peer, REQUEST, Server, answer, no_answer, run, run_with_stdin, to_post,
};

#[test]
fn a_refusal_is_said_as_the_original_said_it() {
    let server = Server::start(&["-j"]);
    let port = server.port();
    let _listener = Listener::open(server.addr(), "/poll/42");

    for (args, message) in [
        (
            &["7", "ping", "1"][..],
            "Unable to send request (404 Not Found): Target is not connected\n",
        ),
        (&["42", "nothing"], "Unable to send request (404 Not Found): Unknown action requested\n"),
    ] {
        let ended = run(REQUEST, args.iter().chain(&["-P", &port]));

        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(1), "", message));
    }
    let ended = run(REQUEST, ["42", "ping", "{<", "-P", &port]);
    let message = "Unable to send request (400 Bad Request): Data is not properly formatted: ";
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.starts_with(message), "{ended:?}");
    assert!(!ended.stderr.contains("<br") && !ended.stderr.contains("&lt;"), "{ended:?}");
}

#[test]
fn failures_of_the_network_are_said_with_the_reason() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let silent = Peer::start([no_answer()]);

    for args in [
        ["42", "ping", "-P", &free],
        ["42", "ping", "-P", &silent.port()],
        ["42", "ping", "-H", "nothing.invalid"],
    ] {
        let ended = run(REQUEST, args);

        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{args:?}");
        assert!(ended.stderr.starts_with("Unable to send request: "), "{args:?}: {ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{args:?}: {ended:?}");
    }
}

#[test]
fn the_timeout_ends_a_request_without_an_answer() {
    let peer = Peer::start([vec![Step::ExpectHead, Step::Hold]]);

    let ended = run(REQUEST, ["42", "ping", "--timeout", "200", "-P", &peer.port()]);

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.starts_with("Unable to send request: "), "{ended:?}");
}

#[test]
fn data_comes_from_the_argument_standard_input_or_a_file() {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all("from a file, é\n".as_bytes()).unwrap();
    let at_file = format!("@{}", file.path().display());
    for (args, sent) in [
        (&["ping"][..], ""),
        (&["ping", "42"], "42"),
        (&["ping", "-42"], "-42"),
        (&["ping", "-"], "from standard input\n"),
        (&["ping", &at_file], "from a file, é\n"),
        (&["ping", "-", "--raw"], "-"),
        (&["ping", "--raw", &at_file], &at_file),
        (&["ping", "--", "-x"], "-x"),
    ] {
        let mut peer = Peer::start([to_post(answer("200 OK", ""))]);
        let port = peer.port();

        let at = ["42", "-P", &port];
        let ended = run_with_stdin(REQUEST, at.iter().chain(args), b"from standard input\n");

        let request = peer.request();
        assert_eq!((ended.code, text(&request)), (Some(0), sent), "{ended:?}");
        assert!(request.head.starts_with("POST /ping/42 HTTP/1.1\r\n"), "{request:?}");
        assert_eq!(request.field("content-type"), Some("text/plain; charset=utf-8"));
    }
}

#[test]
fn json_is_checked_before_it_is_sent_as_such() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    for json in ["-j", "--json"] {
        let mut peer = Peer::start([to_post(answer("200 OK", ""))]);

        let sent = run(REQUEST, ["42", "ping", json, "{ \"a\" : 1.0 }", "-P", &peer.port()]);
        let refused = run(REQUEST, ["42", "ping", json, "{]", "-P", &free]);

        let request = peer.request();
        assert_eq!((sent.code, text(&request)), (Some(0), "{ \"a\" : 1.0 }"), "{sent:?}");
        assert_eq!(request.field("content-type"), Some("application/json"));
        assert_eq!((refused.code, &*refused.stdout), (Some(1), ""));
        let message = "Unable to send request: the data is not JSON: ";
        assert!(refused.stderr.starts_with(message), "{refused:?}");
    }
}

#[test]
fn close_and_retry_need_no_json() {
    let server = Server::start(&["-j", "-i"]);
    let port = server.port();
    let mut listener = Listener::open(server.addr(), "/poll/42");

    for args in [&["retry", "250"][..], &["close"]] {
        let ended = run(REQUEST, ["42", "-j", "-P", &port].iter().chain(args));

        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{args:?}");
    }
    assert_eq!(listener.block(), "retry: 250");
}

#[test]
fn the_body_of_the_answer_is_printed() {
    let peer = Peer::start([to_post(answer("200 OK", "id 7\n"))]);

    let ended = run(REQUEST, ["42", "ping", "-P", &peer.port()]);

    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "id 7\n", ""));
}

#[test]
fn host_prefix_user_and_password_go_into_the_request() {
    for (args, path) in [
        (
            ["-H", "localhost", "-x", "events", "-u", "Aladdin", "-p", "open sesame"],
            "/events/a%2Fb/x%20y",
        ),
        (
            [
                "--host",
                "localhost",
                "--prefix",
                "/e/",
                "--user",
                "Aladdin",
                "--password",
                "open sesame",
            ],
            "/e/a%2Fb/x%20y",
        ),
    ] {
        let mut peer = Peer::start([to_post(answer("200 OK", ""))]);
        let port = peer.port();

        let ended = run(REQUEST, ["x y", "a/b", "--port", &port].iter().chain(&args));

        assert_eq!(ended.code, Some(0), "{ended:?}");
        let request = peer.request();
        assert!(request.head.starts_with(&format!("POST {path} HTTP/1.1\r\n")), "{request:?}");
        assert_eq!(request.field("host"), Some(&*format!("localhost:{port}")));
        let credentials = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
        assert_eq!(request.field("authorization"), Some(credentials));
    }
}

fn text(request: &RecordedRequest) -> &str {
    str::from_utf8(&request.body).unwrap()
}
