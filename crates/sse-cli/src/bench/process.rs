use std::{
    fs, io,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::time::sleep;

/// A process on this machine: the server under test, or this one.
#[derive(Clone, Debug)]
pub(super) struct Process {
    proc: PathBuf,
}

/// What a process takes.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Holdings {
    pub(super) open_files: u64,
    /// What is resident, in bytes.
    pub(super) memory: u64,
}

impl Process {
    pub(super) fn new(pid: u32) -> Self {
        Self { proc: PathBuf::from(format!("/proc/{pid}")) }
    }

    /// The CPU time of the threads that there are, and of their children, as the scheduler has it.
    pub(super) fn cpu(&self) -> io::Result<Duration> {
        let mut nanos = 0;
        for thread in fs::read_dir(self.proc.join("task"))? {
            let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
            let on_cpu = stat.split_whitespace().next().and_then(|nanos| nanos.parse::<u64>().ok());
            nanos += on_cpu.ok_or_else(|| io::Error::other(format!("no CPU time in {stat:?}")))?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    pub(super) fn holdings(&self) -> io::Result<Holdings> {
        Ok(Holdings { open_files: self.open_files()?, memory: self.memory()? })
    }

    /// Waits until no more than `files` are open, for the time of `patience`.
    pub(super) async fn await_files(&self, files: u64, patience: Duration) -> io::Result<()> {
        let begun = Instant::now();
        while files < self.open_files()? && begun.elapsed() < patience {
            sleep(LOOK).await;
        }
        Ok(())
    }

    fn open_files(&self) -> io::Result<u64> {
        Ok(fs::read_dir(self.proc.join("fd"))?.count() as u64)
    }

    fn memory(&self) -> io::Result<u64> {
        let status = fs::read_to_string(self.proc.join("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.map(|kib| kib << 10).ok_or_else(|| io::Error::other("no VmRSS"))
    }
}

const LOOK: Duration = Duration::from_millis(50);
