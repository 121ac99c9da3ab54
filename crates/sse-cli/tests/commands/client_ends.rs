//! What `eventsource-client` says, and how it exits, when a stream is over.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::{
    CLIENT, Peer, Process, Server, answer, held_stream, run, run_with_stdin, stream, to_post,
};

#[test]
fn what_was_waited_for_and_did_not_come_is_a_failure() {
    for (args, events, missing) in [
        (
            &["--until", "[DONE]"][..],
            "data: a\n\n",
            "the event with the data \"[DONE]\", after 1 in all",
        ),
        (&["--count", "5"], "data: a\n\ndata: b\n\n", "event 5, after 2 in all"),
        (&["--count", "1", "--event", "x"], "data: a\n\n", "event 1, after 0 in all"),
        (
            &["--until", "z", "--count", "2"],
            "data: a\n\n",
            "the event with the data \"z\", after 1 in all",
        ),
        (
            &["--until", "[DONE]"],
            "data: [DONE]\n",
            "the event with the data \"[DONE]\", after 0 in all",
        ),
        (&["--count", "1", "--exec", "true"], "", "event 1, after 0 in all"),
    ] {
        let expected = format!("the stream ended before {missing}\n");
        let peers = [
            (Peer::start([stream(events)]), &["-r", "0"][..]),
            (Peer::start([to_post(stream(events))]), &["--data", "x"]),
            (Peer::start([stream(events), answer("204 No Content", "")]), &["-r", "1"]),
        ];
        for (peer, more) in peers {
            let port = peer.port();

            let ended = run(CLIENT, ["42", "-P", &port].iter().chain(more).chain(args));

            assert_eq!(ended.code, Some(1), "{args:?} {more:?}: {ended:?}");
            assert!(ended.stderr.ends_with(&expected), "{args:?} {more:?}: {ended:?}");
        }
        let ended = run_with_stdin(CLIENT, ["--stdin"].iter().chain(args), events.as_bytes());
        assert_eq!(ended.code, Some(1), "{args:?}: {ended:?}");
        assert!(ended.stderr.ends_with(&expected), "{args:?}: {ended:?}");
    }
}

#[test]
fn what_came_in_time_or_was_not_waited_for_is_a_success() {
    for args in [&["--until", "b"][..], &["--count", "2"], &["--count", "1", "--event", "x"], &[]] {
        let events = "event: x\ndata: a\n\ndata: b\n\n";
        let peer = Peer::start([stream(events)]);
        let port = peer.port();

        let received = run(CLIENT, ["42", "-r", "0", "-P", &port].iter().chain(args));
        let decoded = run_with_stdin(CLIENT, ["--stdin"].iter().chain(args), events.as_bytes());

        assert_eq!((received.code, &*received.stderr), (Some(0), ""), "{args:?}");
        assert_eq!((decoded.code, &*decoded.stderr), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn signal_is_no_failure_whatever_was_waited_for() {
    let peer = Peer::start([held_stream("data: a\n\n")]);
    let client = Process::start(CLIENT, ["42", "--count", "5", "-P", &peer.port()]);
    assert_eq!(client.line(), "Event<,message,a>");

    client.signal(Signal::INT);

    let ended = client.wait();
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
}

#[test]
fn what_became_no_event_is_said_on_one_line() {
    for (body, said) in [
        (
            "data: a\n\nevent: b\ndata: lost",
            "discarded, as no blank line ended it: event: b\\ndata: lost",
        ),
        (
            "{\"error\":{\"message\":\"no \x1b[31mquota\"}}",
            "discarded, as there was no event in it: {\"error\":{\"message\":\"no \\u{1b}[31mquota\"}}",
        ),
    ] {
        let peer = Peer::start([stream(body)]);

        let received = run(CLIENT, ["42", "-r", "0", "-P", &peer.port()]);
        let decoded = run_with_stdin(CLIENT, ["--stdin"], body.as_bytes());

        for ended in [received, decoded] {
            assert_eq!(ended.code, Some(0), "{ended:?}");
            let line = ended.stderr.strip_suffix('\n').unwrap();
            assert!(line.ends_with(said) && !line.contains('\n'), "{line}");
        }
    }
}

#[test]
fn long_texts_of_a_server_are_shortened() {
    let long = "x".repeat(9000);
    let peer = Peer::start([stream(&format!("id: {long}\ndata: a\n\n")), stream(&long)]);

    let ended = run(CLIENT, ["42", "-r", "1", "--count", "1", "-P", &peer.port()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let peer = Peer::start([
        stream(&format!("id: {long}\ndata: a\n\n")),
        stream(&long),
        answer("204 No Content", ""),
    ]);
    let ended = run(CLIENT, ["42", "-r", "1", "-P", &peer.port()]);

    assert!(ended.stderr.contains("of 9000 bytes is not sent"), "{ended:?}");
    assert!(ended.stderr.contains("discarded"), "{ended:?}");
    assert!(ended.stderr.lines().all(|line| line.len() < 1300), "{ended:?}");
}

#[test]
fn long_values_of_a_head_are_shortened() {
    let long = "x".repeat(9000);
    for head in [
        format!("200 OK\r\nContent-Type: text/{long}"),
        format!("302 Found\r\nLocation: http://[{long}"),
        format!(
            "200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip, gzip, gzip, {long}"
        ),
    ] {
        let script = vec![
            sse_testkit::Step::ExpectHead,
            sse_testkit::Step::send(format!("HTTP/1.1 {head}\r\n\r\n")),
        ];
        let peer = Peer::start([script]);

        let ended = run(CLIENT, ["42", "-P", &peer.port()]);

        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.lines().all(|line| line.len() < 1300), "{ended:?}");
    }
    let event = format!("id: {long}\ndata: a\n\n");
    let ended = run_with_stdin(CLIENT, ["--stdin", "--exec", "false"], event.as_bytes());
    assert!(ended.stderr.contains("--exec failed") && ended.stderr.len() < 300, "{ended:?}");
}

#[test]
fn time_in_all_is_looked_at_between_events_that_came_together() {
    let peer = Peer::start([held_stream(&"data: a\n\n".repeat(1000))]);
    let args = ["42", "--max-time", "500", "--exec", "sleep 0.1", "-P", &peer.port()];

    let ended = run(CLIENT, args);

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("500ms are over"), "{ended:?}");
}

#[test]
fn client_that_is_replaced_fails_unless_it_is_told_to_fight() {
    let server = Server::start(&["--mode", "takeover"]);
    let port = server.port();
    let first = Process::start(CLIENT, ["42", "-d", "-P", &port]);
    first.log_line("events: connected");

    let fighter = Process::start(CLIENT, ["42", "-d", "-k", "-r", "100", "-P", &port]);
    fighter.log_line("events: connected");

    let ended = first.wait();
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    assert!(
        ended.stderr.ends_with("another listener has taken the place of this one\n"),
        "{ended:?}"
    );
    let second = Process::start(CLIENT, ["42", "-d", "-P", &port]);
    second.log_line("events: connected");
    fighter.log_line("another listener has taken the place");
    fighter.log_line("events: connected");
    assert_eq!(second.wait().code, Some(1));
}

#[test]
fn server_that_asks_for_more_than_a_day_is_not_waited_for() {
    let refused = "503 Service Unavailable\r\nRetry-After: 99999999999999";
    for (script, args) in [
        (stream("retry: 86400001\ndata: a\n\n"), &[][..]),
        (stream("retry: 86400001\ndata: a\n\n"), &["-k"]),
        (answer(refused, "busy"), &["--retry-status"]),
    ] {
        let peer = Peer::start([script]);
        let port = peer.port();

        let ended = run(CLIENT, ["42", "-P", &port].iter().chain(args));

        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("s, which is more than a day\n"), "{ended:?}");
    }
}

#[test]
fn wait_that_would_pass_the_time_in_all_is_named_as_one() {
    let peer = Peer::start([held_stream("")]);
    let args =
        ["42", "-r", "60000", "--idle-timeout", "200", "--max-time", "30000", "-P", &peer.port()];

    let ended = run(CLIENT, args);

    let said = "nothing came for 200ms; given up, as the next connection would begin after the 30s \
                that it may take in all\n";
    assert_eq!((ended.code, ended.stderr.ends_with(said)), (Some(1), true), "{ended:?}");
}

#[test]
fn process_that_was_stopped_reads_what_came_meanwhile() {
    for _ in 0..3 {
        let script = [
            held_stream("data: a\n\n")[..3].to_vec(),
            vec![
                sse_testkit::Step::Sleep(Duration::from_millis(1200)),
                sse_testkit::Step::send("data: b\n\n"),
                sse_testkit::Step::Hold,
            ],
        ];
        let peer = Peer::start([script.concat()]);
        let args = ["42", "-r", "0", "--count", "2", "--idle-timeout", "1500", "-P", &peer.port()];
        let client = Process::start(CLIENT, args);
        assert_eq!(client.line(), "Event<,message,a>");

        client.signal(Signal::STOP);
        std::thread::sleep(Duration::from_millis(2500));
        client.signal(Signal::CONT);

        assert_eq!(client.line(), "Event<,message,b>");
    }
}
