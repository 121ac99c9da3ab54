use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::sleep;

use super::{
    client::Client,
    reports::{Report, Reports},
};
use crate::{Outcome, process::Process, relay::Relay, server::Server};

/// A server, a relay before it, and a client that has not begun yet.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) relay: Relay,
    pub(crate) reports: Reports,
    client: Client,
    programs: PathBuf,
    running: Option<Process>,
    home: TempDir,
}

impl World {
    pub(crate) async fn start(
        client: Client,
        server: &Path,
        programs: &Path,
        args: &[&str],
    ) -> Outcome<Self> {
        let args = [&["--mode", "shared", "--retry", "400"], args].concat();
        let server = Server::start(server, &args).await?;
        let page = fs::read_to_string(programs.join("browser.html"))?;
        let relay = Relay::start(server.addr(), page).await?;
        let reports = Reports::start().await?;
        let (programs, home) = (programs.to_owned(), TempDir::new()?);
        Ok(Self { server, relay, reports, client, programs, running: None, home })
    }

    /// Starts the client, and waits until it has asked for the stream.
    pub(crate) async fn start_client(&mut self) -> Outcome {
        let path = format!("/poll/{TOKEN}");
        let mut process = self.client.start(
            &self.programs,
            self.relay.addr(),
            &path,
            self.reports.addr(),
            self.home.path(),
        )?;
        if !self.client.is_browser() {
            self.reports.take_lines(process.lines()?);
        }
        let process = self.running.insert(process);
        for _look in 0..START.as_millis() / LOOK.as_millis() {
            if !self.relay.exchanges().is_empty() {
                return Ok(());
            }
            if !process.runs() {
                break;
            }
            sleep(LOOK).await;
        }
        Err(format!("the client does not ask for the stream: {}", process.complaint()).into())
    }

    /// Starts it, and waits until it says that the stream is open.
    pub(crate) async fn open(&mut self) -> Outcome {
        self.start_client().await?;
        match self.reports.until(|report| report.kind == "open", PATIENCE).await {
            true => Ok(()),
            false => Err("does not say that the stream is open".into()),
        }
    }

    /// Opens it and gets the first event, `zero`, to it.
    pub(crate) async fn open_with_event(&mut self) -> Outcome {
        self.open().await?;
        self.publish("zero").await?;
        match self.pinged("zero").await {
            true => Ok(()),
            false => Err("the first event does not come".into()),
        }
    }

    pub(crate) async fn publish(&self, data: &str) -> Outcome {
        match self.server.publish_when_heard(TOKEN, data, PATIENCE).await? {
            true => Ok(()),
            false => Err("nobody listens any more".into()),
        }
    }

    /// Waits for the event with exactly this data; false if it does not come.
    pub(crate) async fn pinged(&mut self, data: &str) -> bool {
        self.pinged_within(data, PATIENCE).await
    }

    pub(crate) async fn pinged_within(&mut self, data: &str, patience: Duration) -> bool {
        let fits = |report: &Report| report.is_event("ping") && report.data == data;
        self.reports.until(fits, patience).await
    }

    /// Waits for the event of that name; false if it does not come.
    pub(crate) async fn told(&mut self, name: &str) -> bool {
        self.reports.until(|report| report.is_event(name), PATIENCE).await
    }

    /// Lets what was sent reach the client, where nothing can be waited for.
    pub(crate) async fn settle(&self) {
        sleep(Duration::from_millis(300)).await;
    }
}

pub(crate) const TOKEN: &str = "42:42";

/// How long a client may take to come back, or for an event of 1 MiB.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How long a browser may take to start on a machine that is busy with others.
const START: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);
