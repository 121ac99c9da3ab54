//! `sse.open` and `sse.refused`: what `eventsource-client` does with them, and shows of them.

use std::{
    fs,
    time::{Duration, Instant},
};

use sse_testkit::Step;

use crate::support::{
    CLIENT, Peer, Process, Server, exchange, held_stream, no_answer, run, run_with_stdin, stream,
};

#[test]
fn opening_is_neither_printed_nor_counted_nor_run_nor_the_end() {
    for (args, printed) in [
        (&["--count", "1"][..], "Event<0.abcdefgh,ping,1>\n"),
        (&["--count", "1", "-o", "data"], "1\n"),
        (
            &["--count", "1", "-o", "json"],
            "{\"type\":\"ping\",\"data\":\"1\",\"id\":\"0.abcdefgh\"}\n",
        ),
        (&["--count", "1", "--event", "ping", "--event", "sse.open"], "Event<0.abcdefgh,ping,1>\n"),
        (&["--until", "{}", "--count", "1"], "Event<0.abcdefgh,ping,1>\n"),
        (&["--exec", "echo $SSE_TYPE $SSE_ID", "--count", "1"], "ping 0.abcdefgh\n"),
    ] {
        let events = format!("{OPEN}event: ping\ndata: 1\n\n");
        let peer = Peer::start([held_stream(&events)]);

        let from_server = run(CLIENT, ["42", "-P", &peer.port()].iter().chain(args));
        let from_stdin = run_with_stdin(CLIENT, ["--stdin"].iter().chain(args), events.as_bytes());

        for ended in [from_server, from_stdin] {
            assert_eq!((ended.code, &*ended.stdout), (Some(0), printed), "{args:?}: {ended:?}");
        }
    }
}

#[test]
fn with_all_it_is_printed_as_it_came_and_does_not_count() {
    let events = format!("{OPEN}event: ping\ndata: 1\n\n");
    let open = "{\"type\":\"sse.open\",\"data\":\"{}\",\"id\":\"0.abcdefgh\"}\n";
    let ping = "{\"type\":\"ping\",\"data\":\"1\",\"id\":\"0.abcdefgh\"}\n";
    for (more, printed) in [
        (&[][..], [open, ping].concat()),
        (&["--until", "{}"], [open, ping].concat()),
        (&["--event", "ping"], ping.to_owned()),
    ] {
        let peer = Peer::start([held_stream(&events)]);
        let args = ["-o", "json", "--all", "--count", "1"];

        let from_server = run(CLIENT, ["42", "-P", &peer.port()].iter().chain(&args).chain(more));
        let from_stdin =
            run_with_stdin(CLIENT, ["--stdin"].iter().chain(&args).chain(more), events.as_bytes());

        for ended in [from_server, from_stdin] {
            let printed = format!("{{\"retry\":1}}\n{printed}");
            assert_eq!(
                (ended.code, ended.stdout),
                (Some(0), printed),
                "{more:?}: {}",
                ended.stderr
            );
        }
    }
}

#[test]
fn place_where_a_stream_opens_is_kept_for_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let file = state.to_str().unwrap();
    let mut peer = Peer::start([stream(OPEN), stream("event: sse.open\ndata: {}\n\n")]);
    for _ in 0..2 {
        let ended = run(CLIENT, ["42", "-r", "0", "--state", file, "-P", &peer.port()]);

        assert_eq!((ended.code, &*ended.stdout), (Some(0), ""), "{ended:?}");
        assert_eq!(fs::read_to_string(&state).unwrap(), "0.abcdefgh\n");
    }
    assert_eq!(peer.request().field("last-event-id"), None);
    assert_eq!(peer.request().field("last-event-id"), Some("0.abcdefgh"));
}

#[test]
fn opening_without_an_id_leaves_no_state() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let peer = Peer::start([stream("event: sse.open\ndata: {}\n\n")]);

    let args = ["42", "-r", "0", "--state", state.to_str().unwrap(), "-P", &peer.port()];
    let ended = run(CLIENT, args);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!state.exists());
}

#[test]
fn refusal_is_waited_for_with_and_without_k_and_said_with_its_status() {
    for more in [&[][..], &["-k"], &["--retry-status"]] {
        let peer = Peer::start([refused(300), refused(300), held_stream("data: a\n\n")]);
        let start = Instant::now();
        let args = ["42", "-P", &peer.port()];
        let client = Process::start(CLIENT, args.iter().chain(more));

        for _ in 0..2 {
            let line = client.log_line("reconnecting");
            assert!(
                line.contains("reconnecting in 0.3 s: 423 Locked (refused)")
                    || line.contains("reconnecting in 0.4 s: 423 Locked (refused)"),
                "{line}"
            );
            assert!(!line.contains("connected"), "{line}");
        }

        assert_eq!(client.line(), "Event<,message,a>");
        assert!(Duration::from_millis(600) <= start.elapsed());
    }
}

#[test]
fn refusal_ends_a_client_that_does_not_reconnect() {
    for more in [&[][..], &["-k"]] {
        let peer = Peer::start([refused(1)]);

        let args = ["42", "-r", "0", "-P", &peer.port()];
        let ended = run(CLIENT, args.iter().chain(more));

        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{more:?}: {ended:?}");
        let reason = ended.stderr.lines().last().unwrap();
        assert_eq!(reason, "the server refused for now: 423 Locked");
        assert!(!ended.stderr.contains("connected"), "{ended:?}");
    }
}

#[test]
fn failure_after_a_refusal_is_a_first_one() {
    let peer = Peer::start([refused(1), no_answer()]);

    let ended = run(CLIENT, ["42", "-P", &peer.port()]);

    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.lines().last().unwrap().contains("connection"), "{ended:?}");
}

#[test]
fn refusal_is_shown_with_all_and_counts_for_nothing() {
    let peer = Peer::start([refused(1), held_stream("data: a\n\n")]);

    let args = ["42", "--all", "-o", "json", "--count", "1", "-P", &peer.port()];
    let ended = run(CLIENT, args);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "{\"retry\":1}",
            "{\"type\":\"sse.refused\",\"data\":\"{\\\"status\\\":423}\",\"id\":\"\"}",
            "{\"type\":\"message\",\"data\":\"a\",\"id\":\"\"}",
        ]
    );
}

#[test]
fn refusal_on_standard_input_is_a_failure() {
    let ended = run_with_stdin(CLIENT, ["--stdin"], REFUSED.as_bytes());

    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.contains("the server refused for now: 423 Locked"), "{ended:?}");
}

#[test]
fn gaps_and_ends_are_printed_as_before() {
    let peer = Peer::start([stream("event: sse.gap\ndata: {}\n\nevent: sse.end\ndata: {}\n\n")]);

    let ended = run(CLIENT, ["42", "-r", "0", "-P", &peer.port()]);

    assert_eq!(ended.stdout, "Event<,sse.gap,{}>\nEvent<,sse.end,{}>\n");
}

#[test]
fn gaps_and_ends_count_for_nothing_and_are_no_data() {
    let events = "event: sse.gap\ndata: {}\nid: 3\n\ndata: a\n\nevent: sse.end\ndata: {}\n\n";
    for (args, printed) in [
        (&["--count", "1"][..], "Event<,sse.gap,{}>\nEvent<,message,a>\n"),
        (&["-o", "data", "--count", "1"], "a\n"),
        (&["--exec", "cat; echo", "--count", "1"], "a\n"),
        (&["--until", "{}"], "Event<3,sse.gap,{}>\nEvent<3,message,a>\nEvent<3,sse.end,{}>\n"),
        (&["--count", "2"], "Event<3,sse.gap,{}>\nEvent<3,message,a>\nEvent<3,sse.end,{}>\n"),
    ] {
        let peer = Peer::start([stream(events)]);
        let port = peer.port();
        let printed = printed.replace("Event<,", "Event<3,");

        let received = run(CLIENT, ["42", "-r", "0", "-P", &port].iter().chain(args));
        let decoded = run_with_stdin(CLIENT, ["--stdin"].iter().chain(args), events.as_bytes());

        for ended in [received, decoded] {
            assert_eq!(ended.stdout, printed, "{args:?}: {ended:?}");
            assert_eq!(ended.code == Some(0), args.contains(&"1"), "{args:?}: {ended:?}");
        }
    }
}

#[test]
fn gap_of_which_little_is_known_is_printed_as_it_came_and_its_place_is_kept() {
    let data = r#"{"reason":"unknown","requested":null,"missed":null}"#;
    let events = format!("event: sse.gap\nretry: 1\ndata: {data}\nid: 4.abcdefgh\n\n");
    let in_json = data.replace('"', "\\\"");
    for (args, printed) in [
        (&[][..], format!("Event<4.abcdefgh,sse.gap,{data}>\n")),
        (
            &["-o", "json"],
            format!("{{\"type\":\"sse.gap\",\"data\":\"{in_json}\",\"id\":\"4.abcdefgh\"}}\n"),
        ),
        (&["-o", "data"], String::new()),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let peer = Peer::start([stream(&events)]);
        let port = peer.port();
        let common = ["42", "-r", "0", "-P", &port, "--state", state.to_str().unwrap()];

        let ended = run(CLIENT, common.iter().chain(args));

        assert_eq!((ended.code, &*ended.stdout), (Some(0), &*printed), "{ended:?}");
        assert_eq!(fs::read_to_string(&state).unwrap(), "4.abcdefgh\n");
        let is_said = ended.stderr.contains(&format!("sse.gap: {data}"));
        assert_eq!(is_said, printed.is_empty(), "{ended:?}");
    }
}

#[test]
fn client_that_comes_back_is_told_by_the_server_what_is_known() {
    let server = Server::start(&["--history", "1", "--mode", "shared"]);
    let mut ids = Vec::new();
    for data in ["1", "2", "3"] {
        let answer = exchange(server.addr(), "POST", "/ping/42", data);
        ids.push(answer.head.field("sse-id").unwrap().to_owned());
    }
    let gap = |reason: &str, requested: &str, missed: &str| {
        let data = format!(r#"{{"reason":"{reason}","requested":{requested},"missed":{missed}}}"#);
        format!("Event<{},sse.gap,{data}>\n", ids[1])
    };
    let long = "9".repeat(65);
    for (last, told) in [
        (&*ids[1], String::new()),
        (&ids[0], gap("trimmed", &format!("\"{}\"", ids[0]), "1")),
        ("9.00000000", gap("diverged", "\"9.00000000\"", "null")),
        ("nonsense", gap("unknown", "\"nonsense\"", "null")),
        (&long, gap("unknown", "null", "null")),
    ] {
        let args = ["42", "--last-event-id", last, "--count", "1", "-P", &server.port()];
        let ended = run(CLIENT, args);

        assert_eq!(ended.code, Some(0), "{last}: {ended:?}");
        assert_eq!(ended.stdout, format!("{told}Event<{},ping,3>\n", ids[2]), "{last}");
    }
}

fn refused(retry: u32) -> Vec<Step> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nSse-Refused: 423\r\n\r\n";
    let body = REFUSED.replace("retry: 1\n", &format!("retry: {retry}\n"));
    vec![Step::ExpectHead, Step::send(format!("{head}{body}"))]
}

const OPEN: &str = "event: sse.open\nretry: 1\ndata: {}\nid: 0.abcdefgh\n\n";

const REFUSED: &str = "event: sse.refused\nretry: 1\ndata: {\"status\":423}\n\n";
