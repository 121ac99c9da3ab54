use std::{
    io::{self, Write},
    process::{Command, ExitStatus, Stdio},
};

/// A command of the shell that is run for each event.
#[derive(Debug)]
pub(super) struct Exec(String);

impl Exec {
    pub(super) fn new(command: String) -> Self {
        Self(command)
    }

    /// Runs it to its end; whether it succeeded. A failure is logged.
    pub(super) fn run(&self, name: &str, data: &str, id: &str) -> bool {
        match self.wait(name, data, id) {
            Ok(status) if status.success() => true,
            Ok(status) => {
                tracing::warn!("--exec failed for the event {id:?}: {status}");
                false
            }
            Err(error) => {
                tracing::warn!("--exec could not be run for the event {id:?}: {error}");
                false
            }
        }
    }

    fn wait(&self, name: &str, data: &str, id: &str) -> io::Result<ExitStatus> {
        let mut child = Command::new("sh")
            .args(["-c", &self.0])
            .env("SSE_TYPE", name)
            .env("SSE_ID", id)
            .stdin(Stdio::piped())
            .spawn()?;
        let written = child.stdin.take().expect("it is piped").write_all(data.as_bytes());
        let status = child.wait()?;
        match written {
            // Who does not read its data may succeed all the same.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(status),
        }
    }
}
