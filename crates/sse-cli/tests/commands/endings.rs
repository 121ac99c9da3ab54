//! What ends `eventsource-client`, what it reconnects after, and the exit code.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use sse_testkit::Step;

use crate::support::{
    CLIENT, Peer, Process, answer, cut_stream, held_stream, no_answer, run, stream,
};

#[test]
fn with_retry_0_an_end_of_the_stream_ends_the_client() {
    for retry in ["-r", "--retry"] {
        for (script, code) in
            [(stream("retry: 1\ndata: a\n\n"), 0), (cut_stream("retry: 1\ndata: a\n\n"), 1)]
        {
            let peer = Peer::start([script]);

            let ended = run(CLIENT, ["42", retry, "0", "-P", &peer.port()]);

            assert_eq!(ended.code, Some(code), "{ended:?}");
            assert_eq!(ended.stdout, "Event<,message,a>\n");
        }
    }
}

#[test]
fn without_it_the_client_reconnects_after_clean_ends_and_cuts() {
    let answers = [stream("data: a\n\n"), cut_stream("data: b\n\n"), stream("data: c\n\n")];
    let peer = Peer::start(answers);

    let ended = run(CLIENT, ["42", "-r", "1", "--count", "3", "-P", &peer.port()]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "Event<,message,a>\nEvent<,message,b>\nEvent<,message,c>\n");
}

#[test]
fn the_reconnection_time_is_waited_and_at_least_100_ms() {
    for (args, retry, least) in [
        (&["-r", "400"][..], "", 400),
        (&["--retry", "1"], "", 100),
        (&["-r", "1"], "retry: 400\n", 400),
        (&["-r", "60000"], "retry: 0\n", 100),
    ] {
        let answers = [stream(&format!("{retry}data: a\n\n")), stream("data: b\n\n")];
        let peer = Peer::start(answers);
        let port = peer.port();
        let start = Instant::now();

        let ended = run(CLIENT, ["42", "--count", "2", "-P", &port].iter().chain(args));

        assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}");
        assert!(Duration::from_millis(least) <= start.elapsed(), "{args:?} {retry:?}");
    }
}

#[test]
fn status_204_ends_the_client_with_success() {
    let peer = Peer::start([vec![Step::ExpectHead, Step::send("HTTP/1.1 204 No Content\r\n\r\n")]]);

    let ended = run(CLIENT, ["42", "-P", &peer.port()]);

    assert_eq!((ended.code, &*ended.stdout), (Some(0), ""), "{ended:?}");
}

#[test]
fn other_answers_end_the_client_with_the_reason() {
    for (script, reason) in [
        (
            answer("423 Locked", "Target is already connected"),
            "answered 423 Locked\nTarget is already connected\n",
        ),
        (answer("404 Not Found", ""), "answered 404 Not Found\n"),
        (
            answer("500 Internal Server Error", "{\"a\":\n\t\"\x1b[31m\u{9b}é\"}\n"),
            "answered 500 Internal Server Error\n{\"a\":\n\t\"\\u{1b}[31m\\u{9b}é\"}\n",
        ),
        (answer("301 Moved Permanently", ""), "answered 301 Moved Permanently\n"),
        (
            answer("200 OK", "no stream"),
            "the server sent \"text/html\", not text/event-stream\nno stream\n",
        ),
    ] {
        let peer = Peer::start([script]);

        let ended = run(CLIENT, ["42", "-P", &peer.port()]);

        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
        assert!(ended.stderr.ends_with(reason), "{reason}: {ended:?}");
    }
}

#[test]
fn a_failure_before_the_first_stream_ends_the_client_with_the_reason() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let silent = Peer::start([no_answer()]);

    for (args, reason) in [
        (["42", "-P", &free], "refused"),
        (["42", "-P", &silent.port()], "connection"),
        (["42", "-H", "nothing.invalid"], "failed to lookup"),
    ] {
        let ended = run(CLIENT, args);

        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(reason), "{args:?}: {ended:?}");
    }
}

#[test]
fn a_failure_after_the_first_stream_is_retried() {
    let answers = [stream("data: a\n\n"), no_answer(), stream("data: b\n\n")];
    let peer = Peer::start(answers);

    let ended = run(CLIENT, ["42", "-r", "1", "--count", "2", "-P", &peer.port()]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "Event<,message,a>\nEvent<,message,b>\n");
}

#[test]
fn keep_reconnecting_goes_on_after_answers_and_first_failures() {
    for keep in ["-k", "--keep-reconnecting"] {
        let answers = [
            no_answer(),
            answer("423 Locked", "Target is already connected"),
            answer("200 OK", "no stream"),
            stream("data: a\n\n"),
        ];
        let peer = Peer::start(answers);

        let ended = run(CLIENT, ["42", keep, "-r", "1", "--count", "1", "-P", &peer.port()]);

        assert_eq!((ended.code, &*ended.stdout), (Some(0), "Event<,message,a>\n"), "{ended:?}");
    }
}

#[test]
fn the_reason_of_a_reconnection_is_logged() {
    let peer = Peer::start([stream("data: a\n\n"), held_stream("data: b\n\n")]);

    let client = Process::start(CLIENT, ["42", "-r", "1", "-P", &peer.port()]);

    assert_eq!(client.line(), "Event<,message,a>");
    let line = client.log_line("");
    assert!(line.contains("INFO reconnecting in 0.1 s: the stream ended"), "{line}");
    assert_eq!(client.line(), "Event<,message,b>");
}
