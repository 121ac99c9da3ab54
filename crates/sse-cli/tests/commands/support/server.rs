use std::{net::SocketAddr, ops::Deref};

use super::{Process, SERVER};

/// An `eventsource-server` that listens on a port of its own.
pub(crate) struct Server {
    process: Process,
    url: String,
}

impl Server {
    pub(crate) fn start(args: &[&str]) -> Self {
        let process = Process::start(SERVER, ["-P", "0"].iter().chain(args));
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
