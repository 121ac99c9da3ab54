use std::{
    io::{self, BufRead, IsTerminal, Read, Stdin, Write, stderr, stdin},
    thread,
};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::{runtime::Builder, select, sync::oneshot};

use crate::signals::Signals;

/// The password: the first line of standard input, or what is typed twice if that is a terminal.
pub(super) fn password() -> Result<String, PromptError> {
    let stdin = stdin();
    if !stdin.is_terminal() {
        return first_line(&stdin);
    }
    let runtime = Builder::new_current_thread().enable_all().build().map_err(PromptError::Stdin)?;
    runtime.block_on(async {
        // Before the terminal falls silent, or a signal could leave it so.
        let mut signals = Signals::new().map_err(PromptError::Stdin)?;
        let _silence = Silence::new(stdin).map_err(PromptError::Terminal)?;
        let (answer, answered) = oneshot::channel();
        // The thread may go on reading when the process ends.
        thread::spawn(move || answer.send(twice()));
        select! {
            typed = answered => typed.unwrap_or(Err(PromptError::Interrupted)),
            _ = signals.next() => Err(PromptError::Interrupted),
        }
    })
}

fn first_line(stdin: &Stdin) -> Result<String, PromptError> {
    let mut line = Vec::new();
    // What is longer is no password in any case.
    let mut start = stdin.lock().take(MAX_LEN);
    start.read_until(b'\n', &mut line).map_err(PromptError::Stdin)?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8(line.to_owned()).map_err(|_| PromptError::NotUtf8)
}

fn twice() -> Result<String, PromptError> {
    let ask = |what: &str| {
        // Who closed standard error needs no prompt.
        let _unseen = stderr().write_all(what.as_bytes());
        first_line(&stdin())
    };
    let password = ask("Password: ")?;
    match ask("Once more: ")? == password {
        true => Ok(password),
        false => Err(PromptError::Different),
    }
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silence {
    terminal: Stdin,
    before: Termios,
}

impl Silence {
    fn new(terminal: Stdin) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        // The end of a line is shown, so that what is written next begins a line.
        modes.local_modes.insert(LocalModes::ECHONL);
        // What was typed before the prompt was shown, and is thrown away.
        tcsetattr(&terminal, OptionalActions::Flush, &modes)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _gone = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub(super) enum PromptError {
    #[error("cannot read the password from standard input")]
    Stdin(#[source] io::Error),
    #[error("cannot keep the terminal from showing the password")]
    Terminal(#[source] io::Error),
    #[error("the password is not UTF-8")]
    NotUtf8,
    #[error("the two passwords differ")]
    Different,
    #[error("no password was given before a signal came")]
    Interrupted,
}

/// 64 KiB, far beyond the longest password.
const MAX_LEN: u64 = 64 << 10;
