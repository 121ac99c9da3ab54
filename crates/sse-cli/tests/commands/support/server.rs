use std::{net::SocketAddr, ops::Deref, process::Command};

use rustix::process::Signal;

use super::{Process, SERVER};

/// An `eventsource-server` that listens on a port of its own.
pub(crate) struct Server {
    process: Process,
    url: String,
}

impl Server {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::spawn(Command::new(SERVER).args(["-P", "0"]).args(args))
    }

    /// Starts it by a command that prints nothing of its own.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let process = Process::spawn(command);
        let line = process.line();
        let url = line.strip_prefix("listening on ").expect("the ready line").to_owned();
        Self { process, url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        let (_scheme, addr) = self.url.split_once("://").unwrap();
        addr.parse().unwrap()
    }

    pub(crate) fn port(&self) -> String {
        self.addr().port().to_string()
    }

    /// Has it read its files again, and waits until they hold. Returns what it says of that.
    pub(crate) fn reload(&self) -> String {
        self.signal(Signal::HUP);
        self.log_line("reloaded: ")
    }

    /// The same with files that are refused.
    pub(crate) fn refuse_reload(&self) -> String {
        self.signal(Signal::HUP);
        self.log_line("not reloaded, ")
    }

    pub(crate) fn into_process(self) -> Process {
        self.process
    }
}

impl Deref for Server {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}
