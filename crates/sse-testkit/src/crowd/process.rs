use std::{
    env, fs,
    io::{self, BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use sse_core::{
    HubConfig,
    channel::{Mode, OnOverrun},
    history::History,
};
use tokio::task::{JoinSet, spawn_blocking};

use crate::{Setup, Target};

/// How the hub of the server is configured.
#[derive(Clone, Copy, Debug)]
pub(super) enum Crowd {
    /// A small log, out of which slow readers fall.
    Cut,
    /// The same, and they are told.
    Told,
    /// A history that holds everything.
    Remembered,
}

impl Crowd {
    const ALL: [Self; 3] = [Self::Cut, Self::Told, Self::Remembered];

    fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Told => "told",
            Self::Remembered => "remembered",
        }
    }

    /// A slow reader is cut by the log alone: how long a test takes, the machine decides.
    fn setup(self) -> Setup {
        Setup { hub: self.hub(), stall_timeout: None, ..Setup::default() }
    }

    fn hub(self) -> fn(HubConfig) -> HubConfig {
        match self {
            Self::Cut => |hub| small(hub).with_on_overrun(OnOverrun::Close),
            Self::Told => |hub| small(hub).with_on_overrun(OnOverrun::Gap),
            Self::Remembered => |hub| {
                let history = History::new(42).with_max_events(100_000).with_max_bytes(64 << 20);
                hub.with_mode(Mode::Shared).with_history(history)
            },
        }
    }
}

fn small(hub: HubConfig) -> HubConfig {
    hub.with_mode(Mode::Shared).with_max_log_bytes(256 << 10)
}

/// Serves as the test that started this process wants it, until that is over.
pub async fn serve(start: impl AsyncFn(Setup) -> Target) {
    let Ok(wanted) = env::var(VARIABLE) else { return };
    let crowd = Crowd::ALL.into_iter().find(|crowd| crowd.name() == wanted);
    let setup = crowd.expect("a test names one of them").setup();
    allow_files();
    let target = start(setup).await;
    // What connects before the server serves may inherit other options of the socket.
    target.get("/").await;
    #[expect(clippy::print_stdout, reason = "the test reads it")]
    {
        println!("{MARK}{}", target.addr());
    }
    let over = spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new()));
    over.await.expect("a read does not panic").expect("the test holds the other end");
}

/// A server in a process of its own, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    pub(super) target: Target,
    memory: u64,
}

impl Process {
    /// Runs the test `server` of this binary.
    pub(super) fn start(crowd: Crowd) -> Self {
        allow_files();
        let mut child = Command::new(env::current_exe().expect("a test has a file"))
            .args(["--exact", "server", "--ignored", "--nocapture"])
            .env(VARIABLE, crowd.name())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a test can be run");
        let mut lines = BufReader::new(child.stdout.as_mut().expect("it is piped")).lines();
        let addr = lines.find_map(|line| {
            let line = line.expect("a test writes text");
            Some(line.split_once(MARK)?.1.parse().expect("an address"))
        });
        let addr = addr.expect("the test `server` listens");
        let memory = memory(child.id(), "VmRSS:");
        Self { child, target: Target::new(addr, crowd.setup(), JoinSet::new()), memory }
    }

    /// How much more memory it held at most than when it had just started, in bytes (RSS).
    pub(super) fn grown(&self) -> u64 {
        memory(self.child.id(), "VmHWM:") - self.memory
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _over = self.child.kill();
        let _over = self.child.wait();
    }
}

fn memory(process: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs on Linux");
    let value = status.lines().find_map(|line| line.strip_prefix(field)).expect("it has a size");
    let kib: u64 = value.trim().trim_end_matches(" kB").parse().expect("a number");
    kib << 10
}

fn allow_files() {
    rlimit::increase_nofile_limit(8_192).expect("the system allows more open files");
}

const VARIABLE: &str = "SSE_TESTKIT_CROWD";
const MARK: &str = "listening on ";
