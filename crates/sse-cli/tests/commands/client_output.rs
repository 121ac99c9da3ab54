//! How `eventsource-client` prints, and how many.

use std::io::Write;

use crate::support::{CLIENT, Peer, Process, held_stream, run, run_with_stdin, stream};

const STREAM: &str =
    ":hello\n\nretry: 250\nid: 7\nevent: ping\ndata: a\ndata: \"b\"\n\ndata: <é>\nid\n\n";

#[test]
fn each_format_prints_one_line_an_event() {
    for (args, expected) in [
        (&[][..], "Event<7,ping,a\\n\"b\">\nEvent<,message,<é>>\n"),
        (&["-o", "text"], "Event<7,ping,a\\n\"b\">\nEvent<,message,<é>>\n"),
        (&["--output", "data"], "a\n\"b\"\n<é>\n"),
        (
            &["-o", "json"],
            "{\"type\":\"ping\",\"data\":\"a\\n\\\"b\\\"\",\"id\":\"7\"}\n\
             {\"type\":\"message\",\"data\":\"<é>\",\"id\":\"\"}\n",
        ),
        (
            &["-o", "json", "--all"],
            "{\"comment\":\"hello\"}\n{\"retry\":250}\n\
             {\"type\":\"ping\",\"data\":\"a\\n\\\"b\\\"\",\"id\":\"7\"}\n\
             {\"type\":\"message\",\"data\":\"<é>\",\"id\":\"\"}\n",
        ),
    ] {
        let peer = Peer::start([stream(STREAM)]);
        let port = peer.port();

        let received = run(CLIENT, ["42", "-r", "0", "-P", &port].iter().chain(args));
        let decoded = run_with_stdin(CLIENT, ["--stdin"].iter().chain(args), STREAM.as_bytes());

        assert_eq!((received.code, &*received.stdout), (Some(0), expected), "{args:?}");
        assert_eq!((decoded.code, &*decoded.stdout), (Some(0), expected), "{args:?}");
        assert_eq!(decoded.stderr, "");
    }
}

#[test]
fn a_retry_beyond_all_bounds_is_printed_as_it_came_or_saturated() {
    let retries = "retry: 1\n\nretry: 18446744073709551615\n\nretry: 99999999999999999999999\n\n";
    let expected =
        "{\"retry\":1}\n{\"retry\":18446744073709551615}\n{\"retry\":18446744073709551615}\n";
    let peer = Peer::start([stream(retries)]);
    let port = peer.port();

    let received = run(CLIENT, ["42", "-r", "0", "-o", "json", "--all", "-P", &port]);
    let decoded = run_with_stdin(CLIENT, ["--stdin", "-o", "json", "--all"], retries.as_bytes());

    assert_eq!((received.code, &*received.stdout), (Some(0), expected));
    assert_eq!((decoded.code, &*decoded.stdout), (Some(0), expected));
}

#[test]
fn count_ends_the_client_after_that_many_events() {
    let events = "data: a\n\n:x\n\nretry: 1\n\ndata: b\n\ndata: c\n\n";
    let peer = Peer::start([held_stream(events)]);

    let received = run(CLIENT, ["42", "--count", "2", "-P", &peer.port()]);
    let mut decodes = Process::start(CLIENT, ["--stdin", "--count", "2", "-o", "data"]);
    let mut stdin = decodes.stdin();
    stdin.write_all(events.as_bytes()).unwrap();
    let decoded = decodes.wait();

    assert_eq!(
        (received.code, &*received.stdout),
        (Some(0), "Event<,message,a>\nEvent<,message,b>\n")
    );
    assert_eq!((decoded.code, &*decoded.stdout), (Some(0), "a\nb\n"));
}

#[test]
fn stdin_starts_from_the_last_event_id_and_flushes_nothing_at_its_end() {
    let args = ["--stdin", "--last-event-id", "7"];

    let ended = run_with_stdin(CLIENT, args, b"data: a\n\nid: 8\n\ndata: b\n\ndata: unfinished\n");

    assert_eq!(ended.stdout, "Event<7,message,a>\nEvent<8,message,b>\n");
    assert_eq!(ended.code, Some(0));
    let (line, discarded) =
        (ended.stderr.trim_end(), "discarded, as no blank line ended it: data: unfinished");
    assert!(line.ends_with(discarded) && !line.contains('\n'), "{line:?}");
}

#[test]
fn a_stream_beyond_the_limits_ends_the_client_with_the_reason() {
    let endless = vec![b'x'; 40 << 20];
    let mut line = b"data: ".to_vec();
    line.extend(endless);

    let ended = run_with_stdin(CLIENT, ["--stdin"], &line);

    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""));
    assert!(ended.stderr.contains("16777216"), "{}", ended.stderr);
}
