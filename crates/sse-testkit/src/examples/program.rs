use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
};

use tokio::task::JoinSet;

use super::process::builds;
use crate::{Setup, Target};

/// An example with a name that no other package has, as it is run by hand; killed when dropped.
///
/// ```no_run
/// let mut clock = sse_testkit::examples::Program::start("embed", &["127.0.0.1:0"]);
/// let target = clock.target();
/// ```
#[derive(Debug)]
pub struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Program {
    /// Starts the newest build of the example `name` with `args`.
    pub fn start(name: &str, args: &[&str]) -> Self {
        let program = builds(name).pop().unwrap_or_else(|| panic!("{name} was not built"));
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it is a program");
        let stdout = child.stdout.take().expect("it is piped");
        Self { child, stdout: BufReader::new(stdout) }
    }

    /// The next line that it prints, without its end; empty once it has ended.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it prints text");
        line.trim_end().to_owned()
    }

    /// The server that it is, from the line that says where it listens.
    pub fn target(&mut self) -> Target {
        Target::new(listening_on(&self.line()), Setup::default(), JoinSet::new())
    }

    /// Gives it `text` on standard input, and the end.
    pub fn feed(&mut self, text: &str) {
        let mut stdin = self.child.stdin.take().expect("it is piped, and was not fed before");
        stdin.write_all(text.as_bytes()).expect("it reads");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The address in `line`, which says where a server listens.
pub(super) fn listening_on(line: &str) -> SocketAddr {
    let addr = line.strip_prefix("listening on http://").and_then(|addr| addr.trim().parse().ok());
    addr.unwrap_or_else(|| panic!("it says {line:?}"))
}
