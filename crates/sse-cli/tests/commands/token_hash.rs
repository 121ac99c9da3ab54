//! `eventsource-token hash`: a line of a password file, and a password that nobody sees.

use std::{
    fs::File,
    io::{Read, Write},
    process::{Child, ChildStderr, Command, Stdio},
};

use rustix::{
    fs::{Mode, OFlags},
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};
use sse_access::Passwords;
use tokio::runtime::Builder;

use crate::support::{TOKEN, run_with_stdin};

#[test]
fn a_line_lets_in_by_the_first_line_of_standard_input() {
    for input in ["open sesame", "open sesame\n", "open sesame\r\n", "open sesame\nmore\n"] {
        let ended = run_with_stdin(TOKEN, ["hash", "Ali Baba"], input.as_bytes());

        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{input:?}");
        assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
        assert!(ended.stdout.starts_with("Ali Baba:$argon2id$v=19$m=19456,t=2,p=1$"), "{ended:?}");
        assert!(!ended.stdout.contains("sesame"), "{ended:?}");
        assert!(lets_in(&ended.stdout, "Ali Baba", "open sesame"), "{input:?}");
        assert!(!lets_in(&ended.stdout, "Ali Baba", "open barley"), "{input:?}");
    }
}

#[test]
fn permissions_stand_behind_the_hash() {
    let args = [
        "hash",
        "deploy",
        "--listen",
        "news",
        "--publish",
        "build:*",
        "--action",
        "ping",
        "--action",
        "close",
    ];

    let ended = run_with_stdin(TOKEN, args, b"s3cret\n");

    let json =
        " {\"listen\":[\"news\"],\"publish\":[\"build:*\"],\"actions\":[\"ping\",\"close\"]}\n";
    assert!(ended.stdout.ends_with(json), "{ended:?}");
    assert!(lets_in(&ended.stdout, "deploy", "s3cret"));
}

#[test]
fn a_password_that_cannot_be_sent_is_not_hashed_and_not_repeated() {
    let long = "s3cret".repeat(200);
    for (input, reason) in [
        (&b""[..], "the password is empty"),
        (b"\ns3cret", "the password is empty"),
        (b"s3cret\ts3cret\n", "the password has a control character at byte 6"),
        (b"s3cret\xff\n", "the password is not UTF-8"),
        (long.as_bytes(), "the password has 1200 bytes, and may have 1024"),
    ] {
        let ended = run_with_stdin(TOKEN, ["hash", "alice"], input);

        assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
        assert!(ended.stderr.contains(reason), "{ended:?}");
        assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
    }
}

#[test]
fn what_means_nothing_is_refused_before_a_password_is_read() {
    for (args, reason) in [
        (&[][..], "<NAME>"),
        (&[""], "the name is empty"),
        (&["a:b"], "the name has a colon at byte 1"),
        (&["#alice"], "the name begins with `#`, as a comment does"),
        (&[" alice"], "the name begins or ends with a space"),
        (&["al\nice"], "the name has a control character at byte 2"),
        (&["alice", "--listen", "a*b"], "`*` stands for the rest of a token"),
        (&["alice", "--action", "ping"], "--publish <PATTERN>"),
        (&["alice", "s3cret"], "unexpected argument"),
    ] {
        let ended = run_with_stdin(TOKEN, ["hash"].iter().chain(args), b"");

        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(reason), "{args:?}: {ended:?}");
    }
}

#[test]
fn a_terminal_does_not_show_the_password_and_is_as_it_was_afterwards() {
    let mut typist = Typist::start();
    typist.answer("Password: ", "s3cret\n");
    assert!(!echoes(&typist.terminal));
    typist.answer("Once more: ", "s3cret\n");

    let (code, stdout, stderr, shown, echoes) = typist.finish();

    assert_eq!((code, &*stderr), (Some(0), ""));
    assert!(lets_in(&stdout, "alice", "s3cret"), "{stdout}");
    assert!(!shown.contains("s3cret"), "{shown:?}");
    assert!(echoes);
}

#[test]
fn two_passwords_that_differ_are_none() {
    let mut typist = Typist::start();
    typist.answer("Password: ", "s3cret\n");
    typist.answer("Once more: ", "secret\n");

    let (code, stdout, stderr, shown, echoes) = typist.finish();

    assert_eq!((code, &*stdout, &*stderr), (Some(1), "", "the two passwords differ\n"));
    assert!(!shown.contains("cret"), "{shown:?}");
    assert!(echoes);
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let mut typist = Typist::start();
    typist.answer("Password: ", "");
    assert!(!echoes(&typist.terminal));

    kill_process(Pid::from_child(&typist.child), Signal::INT).unwrap();

    let (code, stdout, stderr, _, echoes) = typist.finish();
    let reason = "no password was given before a signal came\n";
    assert_eq!((code, &*stdout, &*stderr), (Some(1), "", reason));
    assert!(echoes);
}

/// The command, and a terminal as its standard input.
struct Typist {
    child: Child,
    stderr: ChildStderr,
    keyboard: File,
    /// The other end, so that the terminal lives on without the command.
    terminal: File,
}

impl Typist {
    fn start() -> Self {
        // No child of another test may hold it open.
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let keyboard = openpt(flags).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = File::from(rustix::fs::open(name, flags, Mode::empty()).unwrap());
        assert!(echoes(&terminal));
        let mut child = Command::new(TOKEN)
            .args(["hash", "alice"])
            .stdin(terminal.try_clone().unwrap())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        Self { child, stderr, keyboard: keyboard.into(), terminal }
    }

    /// Types `text` once `prompt` is there.
    fn answer(&mut self, prompt: &str, text: &str) {
        let mut shown = vec![0; prompt.len()];
        self.stderr.read_exact(&mut shown).unwrap();
        assert_eq!(String::from_utf8(shown).unwrap(), prompt);
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// The exit code, standard output and error, what the terminal showed, and whether it shows what is typed.
    fn finish(mut self) -> (Option<i32>, String, String, String, bool) {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        self.stderr.read_to_string(&mut stderr).unwrap();
        let code = self.child.wait().unwrap().code();
        let echoes = echoes(&self.terminal);
        drop(self.terminal);
        let mut shown = Vec::new();
        // The end of a terminal is an error on Linux.
        let _end = self.keyboard.read_to_end(&mut shown);
        (code, stdout, stderr, String::from_utf8(shown).unwrap(), echoes)
    }
}

/// Whether a terminal shows what is typed.
fn echoes(terminal: &File) -> bool {
    tcgetattr(terminal).unwrap().local_modes.contains(LocalModes::ECHO)
}

fn lets_in(file: &str, name: &str, password: &str) -> bool {
    let passwords = Passwords::parse(file).unwrap();
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(passwords.check(name, password)).is_ok()
}
