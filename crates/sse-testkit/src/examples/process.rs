use std::{
    env,
    fs::{self, DirEntry},
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::task::JoinSet;

use super::program::listening_on;
use crate::{Setup, Target};

/// An example that runs, and is killed when dropped.
pub(super) struct Example(Child);

impl Example {
    /// Starts the example `name` of `package` on a free port.
    pub(super) fn start(package: &str, name: &str, options: &[&str]) -> (Self, Target) {
        let mut command = Command::new(program(package, name));
        command.args(["-P", "0"]).args(options).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it is a program");

        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        (Self(child), Target::new(listening_on(&line), Setup::default(), JoinSet::new()))
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

/// The newest build of the example `name` that says it is of `package`.
///
/// Packages of one workspace share the place for examples, and `NAME` there is the one that was built
/// last; each has `NAME-HASH` besides. Cargo builds them for all tests of a package together, not for
/// `--test examples`.
fn program(package: &str, name: &str) -> PathBuf {
    let newest = builds(name).into_iter().rev().find(|program| is_of(program, package));
    newest.unwrap_or_else(|| panic!("no {name} of {package} was built"))
}

/// All builds of the example `name` of any package, the newest last.
pub(super) fn builds(name: &str) -> Vec<PathBuf> {
    let test = env::current_exe().expect("a test is a file");
    let folder = test.parent().expect("it lies in a folder").with_file_name("examples");
    let mut builds: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .filter_map(|entry| built(&entry.ok()?, name))
        .collect();
    builds.sort();
    builds.into_iter().map(|(_, program)| program).collect()
}

/// When the file was built, if it is `NAME-HASH`.
fn built(entry: &DirEntry, name: &str) -> Option<(SystemTime, PathBuf)> {
    let file = entry.file_name().into_string().ok()?;
    let hash = file.strip_prefix(name)?.strip_prefix('-')?;
    let is_hash = hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then_some((entry.metadata().ok()?.modified().ok()?, entry.path()))
}

fn is_of(program: &Path, package: &str) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| {
        let version = String::from_utf8_lossy(&output.stdout).into_owned();
        version.split_whitespace().next() == Some(package)
    })
}
