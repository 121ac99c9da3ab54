//! Standard output: each line at once, and an end of its reader ends the client.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdout, Command, Stdio},
    sync::mpsc::channel,
    thread,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{CLIENT, HANG, Peer, Process, SERVER, Server, exchange, held_stream};

#[test]
fn a_line_is_there_before_the_next_event() {
    let server = Server::start(&["-i"]);
    let client = Process::start(CLIENT, ["42", "-d", "-P", &server.port()]);
    client.log_line("events: connected");

    for number in 0..50 {
        let data = format!("{number}");
        assert_eq!(exchange(server.addr(), "POST", "/ping/42", &data).status(), 200);

        assert_eq!(client.line(), format!("Event<{number},ping,{number}>"));
    }
}

#[test]
fn a_line_of_standard_input_is_printed_before_the_next_one_comes() {
    let mut client = Process::start(CLIENT, ["--stdin", "-o", "data"]);
    let mut stdin = client.stdin();

    for number in 0..50 {
        write!(stdin, "data: {number}\n\n").unwrap();

        assert_eq!(client.line(), number.to_string());
    }
}

#[test]
fn an_end_of_the_reader_ends_the_client_while_no_event_arrives() {
    let peer = Peer::start([held_stream("data: a\n\n")]);
    let (client, mut stdout) = with_plain_pipe(&["42", "-P", &peer.port()]);
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "Event<,message,a>\n");

    drop(stdout);

    assert_quiet_end(client);
}

#[test]
fn an_end_of_the_reader_ends_the_client_before_any_event() {
    let server = Server::start(&[]);
    let (client, stdout) = with_plain_pipe(&["42", "-P", &server.port()]);

    drop(stdout);

    assert_quiet_end(client);
}

#[test]
fn an_end_of_the_reader_ends_the_decoding_of_standard_input() {
    let (mut client, stdout) = with_plain_pipe(&["--stdin"]);
    let stdin = client.stdin.take();

    drop(stdout);

    assert_quiet_end(client);
    drop(stdin);
}

#[test]
fn an_end_of_the_reader_waits_for_the_command_that_runs_and_keeps_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let peer = Peer::start([held_stream("id: 7\ndata: a\n\nid: 8\ndata: b\n\n")]);
    let (port, file) = (peer.port(), state.to_str().unwrap());
    let script = "echo begun; sleep 1";
    let (client, mut stdout) =
        with_plain_pipe(&["42", "-P", &port, "--state", file, "--exec", script]);
    stdout.read_line(&mut String::new()).unwrap();

    drop(stdout);

    assert_quiet_end(client);
    assert_eq!(std::fs::read_to_string(&state).unwrap(), "7\n");
}

#[test]
fn an_end_of_the_reader_amid_many_events_is_quiet() {
    let events = "data: some text to fill the pipe\n\n".repeat(100_000);
    let peer = Peer::start([held_stream(&events)]);
    let (client, mut stdout) = with_plain_pipe(&["42", "-P", &peer.port()]);
    stdout.read_line(&mut String::new()).unwrap();

    drop(stdout);

    assert_quiet_end(client);
}

#[test]
fn head_ends_the_client() {
    let peer = Peer::start([held_stream("data: a\n\ndata: b\n\n")]);
    let script = format!("'{CLIENT}' 42 -P {} | head -n 1", peer.port());

    let shell = Process::start("sh", ["-c", &script]);

    assert_eq!(shell.wait().stdout, "Event<,message,a>\n");
}

#[test]
fn a_signal_is_heard_while_standard_output_is_full() {
    let events = "data: some text to fill the pipe\n\n".repeat(100_000);
    let peer = Peer::start([held_stream(&events)]);
    let (mut client, mut stdout) = with_plain_pipe(&["42", "-P", &peer.port()]);
    stdout.read_line(&mut String::new()).unwrap();

    kill_process(Pid::from_child(&client), Signal::TERM).unwrap();

    assert_eq!(client.wait().unwrap().code(), Some(0));
}

#[test]
fn a_server_whose_standard_output_is_closed_serves() {
    let mut server = Command::new(SERVER)
        .args(["-P", "0", "-d"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(server.stdout.take());

    // It may have written its line before: either way it goes on.
    let first = BufReader::new(server.stderr.take().unwrap()).lines().next();

    assert!(first.unwrap().unwrap().contains("open files"));
    assert_eq!(server.try_wait().unwrap(), None);
    server.kill().unwrap();
    server.wait().unwrap();
}

/// A client whose standard output nobody reads but the test.
fn with_plain_pipe(args: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let mut client = Command::new(CLIENT)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(client.stdout.take().unwrap());
    (client, stdout)
}

fn assert_quiet_end(mut client: Child) {
    let (sender, ended) = channel();
    let mut stderr = client.stderr.take().unwrap();
    let pid = Pid::from_child(&client);
    thread::spawn(move || {
        let mut log = String::new();
        stderr.read_to_string(&mut log).unwrap();
        let _ = sender.send((client.wait().unwrap().code(), log));
    });
    let Ok((code, log)) = ended.recv_timeout(HANG) else {
        kill_process(pid, Signal::KILL).unwrap();
        panic!("the client does not end");
    };
    assert_eq!(code, Some(0), "{log}");
    for word in ["panicked", "Broken pipe", "ERROR"] {
        assert!(!log.contains(word), "{log}");
    }
}
