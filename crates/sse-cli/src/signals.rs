use std::{fs, future::pending, io};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT, SIGTERM, SIGHUP and SIGQUIT, which no longer end the process by themselves.
///
/// A SIGHUP or SIGQUIT that was ignored at the start, as by `nohup`, stays so. They are left alone, too,
/// where that cannot be known: to end the process then would be worse than to leave them to their
/// default.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
    quit: Option<Signal>,
}

impl Signals {
    /// Takes the signals over. Within a runtime that drives I/O.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: unless_ignored(SignalKind::hangup())?,
            quit: unless_ignored(SignalKind::quit())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            () = next_of(&mut self.hangup) => SignalKind::hangup(),
            () = next_of(&mut self.quit) => SignalKind::quit(),
        }
    }
}

async fn next_of(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => pending().await,
    }
}

fn unless_ignored(kind: SignalKind) -> io::Result<Option<Signal>> {
    match is_ignored(kind) {
        Some(false) => signal(kind).map(Some),
        _ => Ok(None),
    }
}

/// Whether this process ignores the signal. To ask the system for what is done at a signal takes unsafe
/// code; Linux shows it in a file, too.
fn is_ignored(kind: SignalKind) -> Option<bool> {
    let status = fs::read("/proc/self/status").ok()?;
    let mut lines = status.split(|&byte| byte == b'\n');
    let mask = lines.find_map(|line| line.strip_prefix(b"SigIgn:"))?;
    let mask = u64::from_str_radix(str::from_utf8(mask).ok()?.trim(), 16).ok()?;
    // The first signal is the number 1.
    Some(mask >> (kind.as_raw_value() - 1) & 1 == 1)
}
