use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
};

use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitId, WaitIdOptions, waitid},
};

use super::group::Group;
use crate::{endpoint::PASSWORD_VARIABLE, shown::cut};

/// A command of the shell that is run for each event, in a process group of its own, so that a signal of
/// the terminal does not reach it.
#[derive(Debug)]
pub(super) struct Exec {
    command: String,
    group: Group,
}

impl Exec {
    pub(super) fn new(command: String) -> Self {
        Self { command, group: Group::default() }
    }

    /// Lets `group` know which process runs.
    pub(super) fn with_group(self, group: Group) -> Self {
        Self { group, ..self }
    }

    /// Runs it to its end; whether it succeeded. A failure is logged.
    pub(super) fn run(&self, name: &str, data: &str, id: &str) -> bool {
        let shown = cut(id, 64);
        match self.wait(name, data, id) {
            Ok(status) if status.success() => true,
            Ok(status) => {
                tracing::warn!("--exec failed for the event {shown:?}: {status}");
                false
            }
            Err(error) => {
                tracing::warn!("--exec could not be run for the event {shown:?}: {error}");
                false
            }
        }
    }

    fn wait(&self, name: &str, data: &str, id: &str) -> io::Result<ExitStatus> {
        let mut child = Command::new("sh")
            .args(["-c", &self.command])
            .env("SSE_TYPE", name)
            .env("SSE_ID", id)
            // It is for this command's server.
            .env_remove(PASSWORD_VARIABLE)
            .process_group(0)
            .stdin(Stdio::piped())
            .spawn()?;
        self.group.begin(&child);
        let written = child.stdin.take().expect("it is piped").write_all(data.as_bytes());
        let ended = self.wait_until_over(&child);
        self.group.end();
        ended?;
        let status = child.wait()?;
        match written {
            // A command that does not read its data may succeed all the same.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(status),
        }
    }

    /// Waits for the end of the process without reaping it, so that no other process gets its ID.
    ///
    /// The terminal stops what asks it for a key from another group than its own. Nobody would let that go on.
    fn wait_until_over(&self, child: &Child) -> io::Result<()> {
        let stopped = WaitIdOptions::STOPPED;
        let process = WaitId::Pid(Pid::from_child(child));
        loop {
            let options = WaitIdOptions::EXITED | stopped | WaitIdOptions::NOWAIT;
            match waitid(process.clone(), options) {
                Ok(Some(status)) if status.stopped() => {
                    // Told once.
                    let _told = waitid(process.clone(), stopped | WaitIdOptions::NOHANG)?;
                    let signal = status.stopping_signal();
                    if OF_TERMINAL.iter().any(|of_terminal| signal == Some(of_terminal.as_raw())) {
                        tracing::warn!("--exec: the command wants the terminal, and is ended");
                        self.group.signal(Signal::TERM);
                    }
                }
                Err(Errno::INTR) => (),
                ended => return Ok(ended.map(drop)?),
            }
        }
    }
}

/// By which the terminal stops a command that reads from it, or changes it.
const OF_TERMINAL: [Signal; 2] = [Signal::TTIN, Signal::TTOU];
