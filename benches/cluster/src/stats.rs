use std::{fs, time::Duration};

use rustix::time::{ClockId, clock_gettime};
use sse_testkit::cluster::RedisServer;

/// How often scripts have run in Redis, and how long.
#[derive(Clone, Copy)]
pub(crate) struct Scripts {
    pub(crate) calls: u64,
    pub(crate) micros: u64,
}

impl Scripts {
    pub(crate) fn of(redis: &RedisServer) -> Self {
        let info = redis.command(&["INFO", "commandstats"]).to_string();
        let line = info.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:"));
        let field = |name: &str| {
            let mut fields = line.into_iter().flat_map(|line| line.split(','));
            let field = fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
            field.and_then(|field| field.parse().ok()).unwrap_or(0)
        };
        Self { calls: field("calls"), micros: field("usec") }
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self { calls: self.calls - before.calls, micros: self.micros - before.micros }
    }
}

/// The processor time of this process.
pub(crate) fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The memory of this process, in bytes.
pub(crate) fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix(" kB"));
    kib.and_then(|kib| kib.trim().parse::<u64>().ok()).expect("a process has memory") << 10
}
