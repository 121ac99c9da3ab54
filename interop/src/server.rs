use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use crate::{Outcome, http, ports, process::Process};

/// A process of `eventsource-server`.
pub(crate) struct Server {
    process: Process,
    addr: SocketAddr,
    program: PathBuf,
    args: Vec<String>,
    _home: TempDir,
}

impl Server {
    /// Starts one on a free port.
    pub(crate) async fn start(program: &Path, args: &[&str]) -> Outcome<Self> {
        let args: Vec<_> = args.iter().map(|&arg| arg.to_owned()).collect();
        Self::start_at(program, args, ports::free()).await
    }

    /// Starts another one with the same options on the same port, as soon as that can be had.
    pub(crate) async fn start_successor(&self) -> Outcome<Self> {
        Self::start_at(&self.program, self.args.clone(), self.addr.port()).await
    }

    /// Starts another one with the same options on another port.
    pub(crate) async fn start_beside(&self) -> Outcome<Self> {
        Self::start_at(&self.program, self.args.clone(), ports::free()).await
    }

    async fn start_at(program: &Path, args: Vec<String>, port: u16) -> Outcome<Self> {
        let home = TempDir::new()?;
        let number = port.to_string();
        let all = || args.iter().map(String::as_str).chain(["-P", &number]);
        let patience = Instant::now() + PATIENCE;
        loop {
            let mut process = Process::start(program, all(), home.path())?;
            let line = timeout(PATIENCE, process.lines()?.next_line()).await;
            if line.is_ok_and(|line| line.is_ok_and(|line| line.is_some())) {
                let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                let program = program.to_owned();
                return Ok(Self { process, addr, program, args, _home: home });
            }
            if patience < Instant::now() || 2 == process.ended(PATIENCE).await?.code().unwrap_or(0)
            {
                return Err(format!("the server does not start: {}", process.complaint()).into());
            }
            // The one before it has the port still.
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Publishes `data` to `token`; false if nobody listens there.
    pub(crate) async fn publish(&self, token: &str, data: &str) -> Outcome<bool> {
        self.post("ping", token, data).await
    }

    /// Publishes as soon as somebody listens; false if nobody does within `patience`.
    pub(crate) async fn publish_when_heard(
        &self,
        token: &str,
        data: &str,
        patience: Duration,
    ) -> Outcome<bool> {
        let patience = Instant::now() + patience;
        while Instant::now() < patience {
            if self.publish(token, data).await? {
                return Ok(true);
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(false)
    }

    /// The finish action.
    pub(crate) async fn close(&self, token: &str) -> Outcome<bool> {
        self.post("close", token, "").await
    }

    async fn post(&self, action: &str, token: &str, data: &str) -> Outcome<bool> {
        match http::post(self.addr, &format!("/{action}/{token}"), data).await? {
            200 => Ok(true),
            404 => Ok(false),
            status => Err(format!("the server answers {action} with {status}").into()),
        }
    }

    /// Asks it to drain and end.
    pub(crate) fn terminate(&self) -> Outcome {
        self.process.terminate()
    }

    /// Ends it at once, as a crash would.
    pub(crate) async fn kill(&mut self) -> Outcome {
        self.process.kill().await
    }

    /// Waits until it has ended by itself, which it should do with 0.
    pub(crate) async fn ended(&mut self) -> Outcome {
        let status = self.process.ended(PATIENCE).await?;
        if status.success() { Ok(()) } else { Err(format!("the server ended: {status}").into()) }
    }
}

/// Far longer than a start, a drain and an end take together.
const PATIENCE: Duration = Duration::from_secs(30);
