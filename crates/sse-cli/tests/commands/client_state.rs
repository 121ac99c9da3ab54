//! The last event ID that `--state` keeps from run to run.

use std::fs;

use crate::support::{CLIENT, Peer, answer, run, run_with_stdin, stream};

#[test]
fn id_of_a_block_without_data_is_kept_for_the_next_run() {
    for (body, kept) in [
        ("id: cp-7\n\n", Some("cp-7\n")),
        ("id: cp-7\nevent: x\n\n", Some("cp-7\n")),
        ("id: 1\ndata: a\n\nid: cp-7\n\n:\n\n", Some("cp-7\n")),
        ("id: cp-7\n\nid: 8\ndata: a\n\n", Some("8\n")),
        ("id: 1\ndata: a\n\nid\n\n", Some("\n")),
        ("id: 1\ndata: a\n\nid: lost", Some("1\n")),
        ("event: sse.open\ndata: {}\nid: 0.a\n\n", Some("0.a\n")),
        (":\n\n", None),
        ("data: a\n\n", None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let state = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (received, decoded) = (state("received"), state("decoded"));
        let peer = Peer::start([stream(body)]);
        let args = ["42", "-r", "0", "-P", &peer.port(), "--state", &received];

        assert_eq!(run(CLIENT, args).code, Some(0));
        let ended = run_with_stdin(CLIENT, ["--stdin", "--state", &decoded], body.as_bytes());
        assert_eq!(ended.code, Some(0));

        for state in [received, decoded] {
            assert_eq!(fs::read_to_string(state).ok().as_deref(), kept, "{body:?}");
        }
    }
}

#[test]
fn next_run_asks_for_what_came_after_a_run_without_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state").to_str().unwrap().to_owned();
    for (args, body, asked) in [
        (&["--last-event-id", "5"][..], "", Some("5")),
        (&[], "id: cp-7\n\n", Some("5")),
        (&[], "", Some("cp-7")),
        (&[], "data: a\n\n", Some("cp-7")),
    ] {
        let mut peer = Peer::start([stream(body)]);
        let port = peer.port();
        let base = ["42", "-r", "0", "-P", &port, "--state", &state];

        assert_eq!(run(CLIENT, base.iter().chain(args)).code, Some(0));

        assert_eq!(peer.request().field("last-event-id"), asked);
    }
}

#[test]
fn place_is_kept_by_a_server_that_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    fs::write(&state, "7\n").unwrap();
    let peer = Peer::start([answer("404 Not Found", "")]);
    let args =
        ["42", "--last-event-id", "5", "-P", &peer.port(), "--state", state.to_str().unwrap()];

    assert_eq!(run(CLIENT, args).code, Some(1));

    assert_eq!(fs::read_to_string(state).unwrap(), "7\n");
}

#[test]
fn id_is_not_kept_behind_an_event_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    for behind in [
        "id: cp-7\n\ndata: fails\n\n:\n\n",
        "id: 6\ndata: fails\n\nevent: other\ndata: b\n\n",
        "id: 6\ndata: fails\n\nevent: sse.open\ndata: {}\n\n",
        "id: 6\ndata: fails\n\ndata: end\n\n",
    ] {
        let body = format!("id: 1\ndata: a\n\n{behind}");
        let args = ["--stdin", "--event", "message", "--until", "end"];
        let state = ["--state", state.to_str().unwrap(), "--exec", "! grep -q fails"];

        run_with_stdin(CLIENT, args.iter().chain(&state), body.as_bytes());

        assert_eq!(fs::read_to_string(state[1]).unwrap(), "1\n", "{behind}");
    }
}
