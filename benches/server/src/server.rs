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

    /// The CPU time of the process so far, user and system.
    pub fn cpu(&self) -> io::Result<Duration> {
        let pid = self.child.id().ok_or_else(|| io::Error::other("the server has ended"))?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name of the program, in brackets, may hold spaces.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks: u64 =
            fields.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * MILLIS_A_TICK))
    }
}

/// Linux counts in hundredths of a second towards user space, on every architecture of today.
const MILLIS_A_TICK: u64 = 10;
