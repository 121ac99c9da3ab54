use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::HANG;

/// A command that runs, and is killed when dropped.
pub(crate) struct Process {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Process {
    pub(crate) fn start<A: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = A>) -> Self {
        Self::spawn(Command::new(program).args(args))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        Self::spawn_with_stdin(command, Stdio::piped())
    }

    pub(crate) fn spawn_with_stdin(command: &mut Command, stdin: impl Into<Stdio>) -> Self {
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.env_remove("NO_COLOR").spawn().unwrap();
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// The next line of standard output.
    pub(crate) fn line(&self) -> String {
        next(&self.stdout).unwrap_or_else(|| {
            panic!("standard output ended; on standard error: {:?}", rest(&self.stderr))
        })
    }

    /// The next line of standard error that contains `text`.
    pub(crate) fn log_line(&self, text: &str) -> String {
        loop {
            let line = next(&self.stderr).unwrap_or_else(|| panic!("no line with {text:?}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Signals the whole process group, as a terminal does. It has to lead its group.
    pub(crate) fn signal_job(&self, signal: Signal) {
        kill_process_group(self.pid(), signal).unwrap();
    }

    /// Waits for the end of the process.
    pub(crate) fn wait(mut self) -> Ended {
        drop(self.child.stdin.take());
        let (stdout, stderr) = (rest(&self.stdout), rest(&self.stderr));
        let status = self.child.wait().unwrap();
        Ended { code: status.code(), stdout, stderr }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a process ended, and what it wrote that was not looked at before.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn run<A: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = A>) -> Ended {
    Process::start(program, args).wait()
}

pub(crate) fn run_with_stdin<A: AsRef<OsStr>>(
    program: &str,
    args: impl IntoIterator<Item = A>,
    input: &[u8],
) -> Ended {
    let mut process = Process::start(program, args);
    let (mut stdin, input) = (process.stdin(), input.to_owned());
    // From a thread, since both pipes may be full at once; a process may end without reading.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let ended = process.wait();
    writer.join().unwrap();
    ended
}

fn lines(source: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut source = BufReader::new(source);
        loop {
            let mut line = Vec::new();
            if source.read_until(b'\n', &mut line).unwrap_or(0) == 0 {
                return;
            }
            let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
        }
    });
    receiver
}

fn next(lines: &Receiver<String>) -> Option<String> {
    match lines.recv_timeout(HANG) {
        Ok(line) => Some(line.trim_end_matches('\n').to_owned()),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => panic!("nothing is written"),
    }
}

fn rest(lines: &Receiver<String>) -> String {
    let mut rest = String::new();
    loop {
        match lines.recv_timeout(HANG) {
            Ok(line) => rest += &line,
            Err(RecvTimeoutError::Disconnected) => return rest,
            Err(RecvTimeoutError::Timeout) => panic!("does not end; wrote {rest:?}"),
        }
    }
}
