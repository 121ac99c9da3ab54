//! Signals while `--exec` runs a command, sent to the whole job as a terminal does.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::support::{CLIENT, Ended, Peer, Process, held_stream, run_with_stdin, stream};

const SIGNALS: [(Signal, &str); 4] =
    [(Signal::INT, "INT"), (Signal::TERM, "TERM"), (Signal::HUP, "HUP"), (Signal::QUIT, "QUIT")];

#[test]
fn the_first_signal_spares_the_command_and_its_id_is_kept() {
    for (signal, name) in SIGNALS {
        let job = Job::new("echo $SSE_ID; until test -e $DIR/go; do sleep 0.01; done; echo done");
        assert_eq!(job.client.line(), "7", "{name}");

        job.client.signal_job(signal);
        job.client.log_line("waiting for the command");
        fs::write(job.dir.path().join("go"), "").unwrap();
        let (ended, kept) = job.end();

        assert_eq!((ended.code, &*ended.stdout), (Some(0), "done\n"), "{name}: {ended:?}");
        assert_eq!(kept.as_deref(), Some("7\n"), "{name}");
    }
}

#[test]
fn the_second_signal_is_passed_on_to_the_command() {
    for (signal, name) in SIGNALS {
        let script = format!(
            "trap 'sleep 0.2; echo {name}; exit $(cat $DIR/code)' {name}; echo begun; \
             while :; do sleep 0.01; done"
        );
        // Of a command that succeeds all the same, the ID is kept.
        for (code, expected) in [("3", None), ("0", Some("7\n"))] {
            let job = Job::new(&script);
            fs::write(job.dir.path().join("code"), code).unwrap();
            job.client.line();

            job.client.signal_job(Signal::TERM);
            job.client.log_line("waiting for the command");
            job.client.signal_job(signal);
            let (ended, kept) = job.end();

            assert_eq!(ended.code, Some(1), "{name}: {ended:?}");
            assert_eq!(ended.stdout, format!("{name}\n"), "{name}: {ended:?}");
            assert_eq!(kept.as_deref(), expected, "{name}: {ended:?}");
        }
    }
}

#[test]
fn the_second_signal_reaches_all_that_the_command_has_started() {
    let job = Job::new(
        "trap 'echo outer' TERM; \
         (trap 'echo inner; exit' TERM; echo begun; while :; do sleep 0.01; done) & wait; wait",
    );
    job.client.line();

    job.client.signal(Signal::TERM);
    job.client.log_line("waiting for the command");
    job.client.signal(Signal::TERM);
    let (ended, _kept) = job.end();

    let mut reached: Vec<_> = ended.stdout.lines().collect();
    reached.sort_unstable();
    assert_eq!((ended.code, reached), (Some(1), vec!["inner", "outer"]), "{ended:?}");
}

#[test]
fn the_third_signal_ends_the_client_at_once() {
    // It keeps no pipe open to the test, which waits for the end of both.
    let job = Job::new("trap '' TERM; echo $$; exec sleep 60 >/dev/null 2>&1");
    let command = Pid::from_raw(job.client.line().parse().unwrap()).unwrap();

    job.client.signal_job(Signal::TERM);
    job.client.log_line("waiting for the command");
    job.client.signal_job(Signal::TERM);
    job.client.log_line("passed on");
    job.client.signal_job(Signal::TERM);
    let (ended, kept) = job.end();

    assert_eq!((ended.code, kept), (Some(1), None), "{ended:?}");
    assert!(ended.stderr.contains("ended at once by a third signal"), "{ended:?}");
    kill_process_group(command, Signal::KILL).expect("the command was left to itself");
}

#[test]
fn signals_count_from_the_first_though_the_client_waits_since_its_reader_went() {
    let peer = Peer::start([held_stream("id: 7\ndata: a\n\n")]);
    let script =
        "trap 'echo passed on >&2; exit' TERM; echo begun >&2; while :; do sleep 0.01; done";
    let mut client = Command::new(CLIENT)
        .args(["42", "-P", &peer.port(), "--exec", script])
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(client.stderr.take().unwrap()).lines();
    let mut until = |text: &str| assert!(lines.any(|line| line.unwrap().contains(text)), "{text}");
    let terminate = |client| kill_process_group(Pid::from_child(client), Signal::TERM).unwrap();
    until("begun");

    drop(client.stdout.take());
    until("waiting for the command");
    terminate(&client);
    until("waiting for the command");
    terminate(&client);
    until("passed on");

    assert_eq!(client.wait().unwrap().code(), Some(1));
}

#[test]
fn command_that_ends_between_two_signals_is_not_begun_again() {
    for signals in 1..=12 {
        let dir = TempDir::new().unwrap();
        let events: String = (1..=50).map(|id| format!("id: {id}\ndata: a\n\n")).collect();
        let peer = Peer::start([held_stream(&events)]);
        let script = "echo $SSE_ID >> $DIR/ran; echo $SSE_ID; sleep 0.01";
        let client = start(&peer.port(), script, dir.path());
        for id in 1..=signals {
            assert_eq!(client.line(), id.to_string());
        }

        client.signal_job(Signal::INT);
        let ended = client.wait();

        // Wherever it comes, also while the next command is made: what ran is what is kept.
        let ran = fs::read_to_string(dir.path().join("ran")).unwrap();
        let last = ran.lines().last().map(|id| format!("{id}\n"));
        let kept = fs::read_to_string(dir.path().join("state")).ok();
        assert_eq!((ended.code, kept), (Some(0), last), "{ended:?}");
    }
}

#[test]
fn signals_end_a_client_that_runs_nothing_at_once() {
    for (signal, name) in SIGNALS {
        let peer = Peer::start([stream("id: 7\ndata: a\n\n")]);
        let dir = TempDir::new().unwrap();
        let client = start(&peer.port(), "echo $SSE_ID", dir.path());
        client.line();
        client.log_line("reconnecting");

        client.signal_job(signal);
        let ended = client.wait();

        assert_eq!(ended.code, Some(0), "{name}: {ended:?}");
    }
}

/// A client that runs a command for the event 7, the first of two.
struct Job {
    client: Process,
    dir: TempDir,
    _peer: Peer,
}

impl Job {
    fn new(script: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let peer = Peer::start([held_stream("id: 7\ndata: a\n\nid: 8\ndata: b\n\n")]);
        Self { client: start(&peer.port(), script, dir.path()), dir, _peer: peer }
    }

    /// How the client ended, and the ID that it kept.
    fn end(self) -> (Ended, Option<String>) {
        let ended = self.client.wait();
        (ended, fs::read_to_string(self.dir.path().join("state")).ok())
    }
}

/// A client with `script`, which finds `dir` in `DIR`, and a state there.
fn start(port: &str, script: &str, dir: &Path) -> Process {
    let mut command = Command::new(CLIENT);
    command.args(["42", "-P", port, "--exec", script, "--state"]).arg(dir.join("state"));
    Process::spawn(command.env("DIR", dir).process_group(0))
}

#[test]
fn command_that_the_terminal_stops_is_ended_and_said() {
    for signal in ["TTIN", "TTOU"] {
        let script = format!("echo $SSE_ID; grep -q a || exit 0; kill -{signal} $$; echo went on");
        let events = b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n";

        let ended = run_with_stdin(CLIENT, ["--stdin", "--exec", &script], events);

        assert_eq!((ended.code, &*ended.stdout), (Some(0), "1\n2\n"), "{signal}: {ended:?}");
        assert!(ended.stderr.contains("the command wants the terminal"), "{signal}: {ended:?}");
    }
}

#[test]
fn command_that_another_stops_goes_on_when_it_is_told() {
    let script = "echo $SSE_ID; (sleep 0.2; kill -CONT $$) & kill -STOP $$; wait; echo went on";

    let ended = run_with_stdin(CLIENT, ["--stdin", "--exec", script], b"id: 1\ndata: a\n\n");

    assert_eq!((ended.code, &*ended.stdout), (Some(0), "1\nwent on\n"), "{ended:?}");
}
