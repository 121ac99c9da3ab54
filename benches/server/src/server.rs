use std::{io, net::SocketAddr, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A server under test, in a process of its own so that its CPU time can be told apart.
pub struct Server {
    child: Child,
    pub addr: SocketAddr,
}

impl Server {
    /// Starts `program` and waits for its line `listening on http://ADDR`.
    pub async fn start(program: &Path, args: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().expect("it is piped");
        let ready = BufReader::new(stdout).lines().next_line().await?.unwrap_or_default();
        let addr = ready
            .strip_prefix("listening on http://")
            .and_then(|addr| addr.parse().ok())
            .ok_or_else(|| io::Error::other(format!("no ready line but {ready:?}")))?;
        Ok(Self { child, addr })
    }

    /// Asks it to end, and waits until it has. Under a tool that runs it, its child is asked.
    pub async fn end(mut self) -> io::Result<()> {
        let pid = self.child.id().ok_or_else(|| io::Error::other("the server has ended"))?;
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        let pid = children.split_whitespace().next().map_or(pid.to_string(), str::to_owned);
        Command::new("kill").args(["-TERM", &pid]).status().await?;
        self.child.wait().await?;
        Ok(())
    }

    /// The CPU time of the process' threads so far, user and system, in nanoseconds of the scheduler.
    pub fn cpu(&self) -> io::Result<Duration> {
        let pid = self.child.id().ok_or_else(|| io::Error::other("the server has ended"))?;
        let mut nanos = 0;
        for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
            let stat = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let on_cpu = stat.split_whitespace().next().and_then(|nanos| nanos.parse::<u64>().ok());
            nanos += on_cpu.ok_or_else(|| io::Error::other(format!("no CPU time in {stat:?}")))?;
        }
        Ok(Duration::from_nanos(nanos))
    }
}
