use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

/// How many file descriptors the process has open, where the system tells.
pub(super) fn open_files() -> Option<u64> {
    // Since Linux 6.2 the size of the directory is their number; before, it is 0.
    match fs::metadata(DESCRIPTORS).ok()?.len() {
        0 => Some(fs::read_dir(DESCRIPTORS).ok()?.count() as u64),
        count => Some(count),
    }
}

/// How many it may have.
pub(super) fn max_open_files() -> Option<u64> {
    rlimit::Resource::NOFILE.get_soft().ok()
}

/// How much of its memory is not swapped out, in bytes, where the system tells.
pub(super) fn memory() -> Option<u64> {
    let status = fs::read_to_string(STATUS).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// The time now, in seconds since the beginning of 1970.
pub(super) fn unix_time() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

const STATUS: &str = "/proc/self/status";
const DESCRIPTORS: &str = "/proc/self/fd";
