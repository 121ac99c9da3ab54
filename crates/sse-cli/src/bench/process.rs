use std::{fs, io, path::PathBuf, time::Duration};

/// The server under test, if it runs on this machine.
#[derive(Clone, Debug)]
pub(super) struct Process {
    proc: PathBuf,
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

    /// The memory that is resident, in bytes.
    pub(super) fn memory(&self) -> io::Result<u64> {
        let status = fs::read_to_string(self.proc.join("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.map(|kib| kib << 10).ok_or_else(|| io::Error::other("no VmRSS"))
    }
}
