use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
};

use rustix::{
    io::Errno,
    process::{Pid, WaitId, WaitIdOptions, waitid},
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
        let ended = wait_until_over(&child);
        self.group.end();
        ended?;
        let status = child.wait()?;
        match written {
            // A command that does not read its data may succeed all the same.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(status),
        }
    }
}

/// Waits for the end of the process without reaping it, so that no other process gets its ID.
fn wait_until_over(child: &Child) -> io::Result<()> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    loop {
        match waitid(WaitId::Pid(Pid::from_child(child)), options) {
            Err(Errno::INTR) => (),
            ended => return Ok(ended.map(drop)?),
        }
    }
}
