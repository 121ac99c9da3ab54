//! A node in a process of its own, whose time and memory are nobody else's.

use std::{
    env,
    io::{BufRead, BufReader, Write, stdin},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
};

use serde_json::Value;
use tokio::{runtime::Builder, sync::mpsc};

use crate::Result;

/// This program, started again on the first processor; dropped, it is killed.
pub(crate) struct Process {
    child: Child,
    tell: ChildStdin,
    lines: BufReader<ChildStdout>,
}

impl Process {
    pub(crate) fn start(part: &str, args: &[&str]) -> Result<Self> {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "0"]).arg(env::current_exe()?).arg(part).args(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let tell = child.stdin.take().ok_or("standard input is piped")?;
        let lines = BufReader::new(child.stdout.take().ok_or("standard output is piped")?);
        Ok(Self { child, tell, lines })
    }

    /// What it says next.
    pub(crate) fn read(&mut self) -> Result<Value> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }

    /// Has it do the next thing.
    pub(crate) fn go_on(&mut self) -> Result<()> {
        Ok(self.tell.write_all(b"\n")?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a node in a runtime with one thread.
pub(crate) fn alone<F: Future<Output = Result<()>>>(
    node: impl FnOnce() -> F + Send + 'static,
) -> Result<()> {
    let run = move || -> Result<(), String> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(node()).map_err(|error| error.to_string())
    };
    Ok(thread::spawn(run).join().map_err(|_| "the node panicked")??)
}

/// What who started this process tells it.
pub(crate) struct Parent(mpsc::UnboundedReceiver<()>);

impl Parent {
    pub(crate) fn listen() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        thread::spawn(move || {
            for _ in stdin().lines().map_while(Result::ok) {
                if sender.send(()).is_err() {
                    break;
                }
            }
        });
        Self(receiver)
    }

    /// Waits for the word to go on.
    pub(crate) async fn word(&mut self) -> Result<()> {
        self.0.recv().await.ok_or_else(|| "who started this is gone".into())
    }
}
