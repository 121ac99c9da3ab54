use std::{
    ffi::OsStr,
    fs::File,
    io::{Read, Seek},
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::Outcome;

/// A program and all that it starts; gone when this is dropped, and when this process ends, however
/// that ends.
pub(crate) struct Process {
    child: Child,
    group: Pid,
    errors: File,
}

impl Process {
    /// Starts `program` in `home`, where it finds room for what it writes.
    pub(crate) fn start<A: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = A>,
        home: &Path,
    ) -> Outcome<Self> {
        let errors = tempfile::tempfile()?;
        // The kernel ends the program if this process is gone without having ended it.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).args(args);
        command.envs([("HOME", home), ("TMPDIR", home)]).current_dir(home);
        command.env_remove("XDG_CONFIG_HOME").env_remove("XDG_CACHE_HOME").process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors.try_clone()?);
        let child = command.spawn().map_err(|error| format!("cannot run `setpriv`: {error}"))?;
        let group = pid(&child).ok_or("a process that was just started has an id")?;
        Ok(Self { child, group, errors })
    }

    /// The lines of its standard output; it may be asked once.
    pub(crate) fn lines(&mut self) -> Outcome<Lines<BufReader<ChildStdout>>> {
        let stdout = self.child.stdout.take().ok_or("its output was taken before")?;
        Ok(BufReader::new(stdout).lines())
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) -> Outcome {
        let pid = pid(&self.child).ok_or("it has ended before it was asked to")?;
        Ok(kill_process(pid, Signal::TERM)?)
    }

    /// Ends it at once.
    pub(crate) async fn kill(&mut self) -> Outcome {
        Ok(self.child.kill().await?)
    }

    /// Whether it runs still.
    pub(crate) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self, patience: Duration) -> Outcome<ExitStatus> {
        Ok(timeout(patience, self.child.wait()).await.map_err(|_elapsed| "it does not end")??)
    }

    /// The end of what it wrote to its standard error.
    pub(crate) fn complaint(&mut self) -> String {
        let mut text = Vec::new();
        let read = self.errors.rewind().and_then(|()| self.errors.read_to_end(&mut text));
        let text = String::from_utf8_lossy(if read.is_ok() { &text } else { b"" });
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(4)..].join(" | ")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // What is gone already needs no end.
        let _gone = kill_process_group(self.group, Signal::KILL);
    }
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()?).ok()?)
}
