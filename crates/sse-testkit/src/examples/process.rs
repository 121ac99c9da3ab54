use std::{
    env,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::task::JoinSet;

use crate::{Setup, Target};

/// An example that runs, and is killed when dropped.
pub(super) struct Example(Child);

impl Example {
    /// Starts the example `name` of the crate whose test this is, on a free port.
    pub(super) fn start(name: &str, options: &[&str]) -> (Self, Target) {
        let test = env::current_exe().expect("a test is a file");
        let folder = test.parent().expect("it lies in a folder");
        let program = folder.with_file_name("examples").join(name);
        let mut command = Command::new(&program);
        command.args(["-P", "0"]).args(options).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn();
        // Cargo builds the examples for all tests of a crate together, not for `--test examples`.
        let mut child = child.unwrap_or_else(|error| panic!("{}: {error}", program.display()));

        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let addr = line.strip_prefix("listening on http://");
        let addr: Option<SocketAddr> = addr.and_then(|addr| addr.trim().parse().ok());
        let addr = addr.unwrap_or_else(|| panic!("{name} says {line:?}"));
        (Self(child), Target::new(addr, Setup::default(), JoinSet::new()))
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).expect("it runs");
    }

    /// How it ends, "within 5 s".
    pub(super) fn end(&mut self) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("it is a child") {
                return status;
            }
            assert!(since.elapsed() < Duration::from_secs(5), "it runs on");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until it says `text` on standard error, first of all.
    pub(super) fn expect_stderr(&mut self, text: &str) {
        let stderr = self.0.stderr.as_mut().expect("it is piped");
        let mut said = vec![0; text.len()];
        stderr.read_exact(&mut said).expect("it says something");
        assert_eq!(String::from_utf8_lossy(&said), text);
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}
