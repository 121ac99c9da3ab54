use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::patience::comes_true;

/// A `redis-server`, killed when this is dropped or when the test's process is gone, however that ends.
#[derive(Debug)]
pub(super) struct Process {
    redis: Child,
    /// A shell that waits for the end of its input, which comes with the end of the test.
    guard: Child,
}

impl Process {
    /// Its first words, before it has read `config`, are added to `log`.
    pub(super) fn start(config: &Path, is_sentinel: bool, log: &Path) -> Self {
        let log = || {
            let file = File::options().append(true).create(true).open(log);
            file.expect("there is room for a file")
        };
        let redis = Command::new("redis-server")
            .arg(config)
            .args(is_sentinel.then_some("--sentinel"))
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log())
            .spawn()
            .expect("`redis-server` starts; `cargo xtask setup` installs it");
        let guard = Command::new("sh")
            .args(["-c", "read -r _; kill -KILL $0", &redis.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is a shell");
        Self { redis, guard }
    }

    pub(super) fn id(&self) -> u32 {
        self.redis.id()
    }

    pub(super) fn has_ended(&self) -> bool {
        // Nobody has waited for it, so that its number is still its own.
        matches!(self.state(), None | Some('Z' | 'X'))
    }

    /// Takes its time away, or gives it back; when this returns, that is so.
    pub(super) fn set_paused(&self, is_paused: bool) {
        let signal = if is_paused { Signal::STOP } else { Signal::CONT };
        kill_process(Pid::from_child(&self.redis), signal).expect("it is our process");
        let is_done = comes_true(|| (self.state() == Some('T')) == is_paused);
        assert!(is_done, "a process follows such a signal");
    }

    /// The letter that the system has for what it does.
    fn state(&self) -> Option<char> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).ok()?;
        let (_, state) = stat.rsplit_once(") ")?;
        state.chars().next()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The guard goes first: it must not kill a number that is another's by then.
        for child in [&mut self.guard, &mut self.redis] {
            let _gone = child.kill();
            let _gone = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_server_ends_with_the_process_of_its_test() {
        let dir = TempDir::new().unwrap();
        let config = dir.path().join("redis.conf");
        fs::write(&config, "port 0\nsave \"\"\n").unwrap();
        let mut process = Process::start(&config, false, &dir.path().join("log"));
        assert!(!process.has_ended());

        // The system closes it when a process ends.
        drop(process.guard.stdin.take());

        assert!(comes_true(|| process.has_ended()));
    }
}
