//! What `eventsource-client` does with each event: which it takes, what it runs, what it keeps.

use std::fs;

use crate::support::{CLIENT, Peer, run, run_with_stdin, stream};

const EVENTS: &str =
    "id: 1\nevent: a\ndata: 1\n\nid: 2\nevent: b\ndata: 2\n\nid: 3\nevent: a\ndata: 3\n\n";

#[test]
fn only_events_of_the_names_are_printed_and_counted() {
    for (args, expected) in [
        (&["--event", "a"][..], "1\n3\n"),
        (&["--event", "a", "--count", "1"], "1\n"),
        (&["--event", "b", "--event", "a"], "1\n2\n3\n"),
        (&["--event", "c"], ""),
        (&["--event", "b", "--until", "3"], "2\n"),
        (&["--event", "c", "--event", "b"], "2\n"),
    ] {
        let args: Vec<_> = ["-o", "data"].iter().chain(args).copied().collect();
        let peer = Peer::start([stream(EVENTS)]);
        let port = peer.port();

        let received = run(CLIENT, ["42", "-r", "0", "-P", &port].iter().chain(&args));
        let decoded = run_with_stdin(CLIENT, ["--stdin"].iter().chain(&args), EVENTS.as_bytes());

        assert_eq!((received.code, &*received.stdout), (Some(0), expected), "{args:?}");
        assert_eq!((decoded.code, &*decoded.stdout), (Some(0), expected), "{args:?}");
    }
}

#[test]
fn command_gets_the_data_on_stdin_and_type_and_id_in_the_environment() {
    let events = "id: 7\nevent: a\ndata: two\ndata: lines\n\ndata: b\n\n";
    let script = "cat; echo \" $SSE_TYPE $SSE_ID\"";

    let ended = run_with_stdin(CLIENT, ["--stdin", "--exec", script], events.as_bytes());

    assert_eq!(ended.stdout, "two\nlines a 7\nb message 7\n");
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
}

#[test]
fn commands_run_one_at_a_time_and_need_not_read_their_data() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let script = format!("mkdir {0} && echo $SSE_ID && rmdir {0}", lock.display());
    let events: String =
        (0..20).map(|id| format!("id: {id}\ndata: {}\n\n", "x".repeat(200_000))).collect();

    let ended = run_with_stdin(CLIENT, ["--stdin", "--exec", &script], events.as_bytes());

    let expected: String = (0..20).map(|id| format!("{id}\n")).collect();
    assert_eq!((ended.code, ended.stdout), (Some(0), expected), "{}", ended.stderr);
}

#[test]
fn next_run_begins_where_the_last_one_ended() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let state = state.to_str().unwrap();
    let mut sent = Vec::new();
    for (args, script) in [
        (&[][..], EVENTS),
        (&[], "data: no id\n\n"),
        (&["--last-event-id", "given"], "data: a\n\n"),
        (&[], "id\ndata: none\n\n"),
        (&[], ""),
    ] {
        let mut peer = Peer::start([stream(script)]);
        let port = peer.port();
        let ended =
            run(CLIENT, ["42", "-r", "0", "--state", state, "-P", &port].iter().chain(args));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        sent.push(peer.request().field("last-event-id").map(str::to_owned));
    }

    let expected = [None, Some("3"), Some("given"), Some("given"), None];
    assert_eq!(sent, expected.map(|id| id.map(str::to_owned)));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn id_of_an_event_whose_command_fails_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let script = "test $SSE_ID -lt 2";
    let args = ["--stdin", "--state", state.to_str().unwrap(), "--exec", script];

    let ended = run_with_stdin(CLIENT, args, EVENTS.as_bytes());

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(fs::read_to_string(&state).unwrap(), "1\n");
    for id in ["2", "3"] {
        let line = format!("--exec failed for the event \"{id}\": exit status: 1");
        assert!(ended.stderr.contains(&line), "{ended:?}");
    }
}

#[test]
fn id_of_a_failed_event_is_not_kept_for_those_that_carry_it_on() {
    let failing = "id: 1\ndata: a\n\nid: 2\ndata: b\n\n";
    for (args, after, kept) in [
        (&[][..], "data: no id\n\n", "1\n"),
        (&["--event", "message"], "event: other\ndata: no id\n\n", "1\n"),
        (&["--until", "end"], "data: end\n\n", "1\n"),
        (&["--event", "message"], "event: other\nid: 3\ndata: c\n\n", "3\n"),
        (&[], "id: 3\ndata: c\n\ndata: no id\n\n", "3\n"),
        (&[], "id: 3\ndata: c\n\nid: 2\ndata: d\n\n", "2\n"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let script = "test \"$(cat)\" != b";
        let command = ["--stdin", "--state", state.to_str().unwrap(), "--exec", script];
        let events = format!("{failing}{after}");

        let ended = run_with_stdin(CLIENT, command.iter().chain(args), events.as_bytes());

        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(fs::read_to_string(&state).unwrap(), kept, "{args:?} {after:?}");
    }
}
