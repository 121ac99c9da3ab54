//! What is acknowledged outlives a server that is killed under load.

use std::{
    env,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use sse_testkit::checker::Checker;
use tokio::{runtime::Runtime, task::JoinSet, time::timeout};

use crate::{
    durable_clients::Client,
    durable_publishers::Publisher,
    support::{Folder, HANG, Server},
};

/// `KILLS` says how often it is killed.
#[test]
fn nothing_acknowledged_is_lost_or_doubled_when_the_server_is_killed_under_load() {
    let kills = env::var("KILLS").map_or(10, |kills| kills.parse().unwrap());
    let checker = Checker::new();

    run(&checker, "strict", kills);

    let summary = checker.summary();
    assert_eq!((summary.gaps, summary.unknown, summary.refused), (0, 0, 0), "{summary}");
    assert!((kills + 1) * EVENTS <= summary.acknowledged, "{summary}");
    assert!(kills * crowd() / 2 <= summary.reconnections, "{summary}");
}

#[test]
fn clients_are_told_what_a_relaxed_server_lost_that_was_killed_under_load() {
    let checker = Checker::new().with_lost_tails();

    run(&checker, "relaxed:1000", 3);

    let summary = checker.summary();
    assert!(4 * EVENTS <= summary.acknowledged, "{summary}");
    assert!(0 < summary.gaps, "{summary}");
}

/// Clients and publishers use a server that is killed `kills` times, as the `checker` judges.
fn run(checker: &Checker, durability: &str, kills: usize) {
    let folder = Folder::new();
    let first = start(&folder, durability);
    let addr = first.addr();
    let mut server = Some(first);
    put_under_load(checker, addr, kills, |load, _| {
        let killed = server.take().unwrap();
        killed.signal(Signal::KILL);
        assert_eq!(killed.into_process().wait().code, None, "it was killed");
        let next = server.insert(start(&folder, durability));
        load.move_to(next.addr());
    });
}

/// Clients and publishers use what listens at `addr` and fails `faults` times, until the clients have seen everything,
/// as the `checker` judges.
pub(crate) fn put_under_load(
    checker: &Checker,
    addr: SocketAddr,
    faults: usize,
    mut fault: impl FnMut(&Load, usize),
) {
    let load = Arc::new(Load::new(checker, addr));
    let runtime = Runtime::new().unwrap();
    let mut clients = JoinSet::new();
    for client in 0..crowd() {
        clients.spawn_on(Client::new(&load, client % CHANNELS).run(""), runtime.handle());
    }

    thread::scope(|scope| {
        let _over = Over(&load);
        let publishers = (0..PUBLISHERS).map(|number| Publisher::new(&load, number));
        let publishers: Vec<_> =
            publishers.map(|publisher| scope.spawn(|| publisher.run())).collect();
        for number in 1..=faults {
            load.until_acknowledged(number * EVENTS);
            fault(&load, number);
        }
        load.until_acknowledged((faults + 1) * EVENTS);
        load.end();
        publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
    });
    for channel in 0..CHANNELS {
        Publisher::new(&load, PUBLISHERS + channel).publish(channel, LAST);
        clients.spawn_on(Client::new(&load, channel).run("?since=earliest"), runtime.handle());
    }
    let have_all = runtime.block_on(async { timeout(HANG, clients.join_all()).await });

    checker.assert_clean();
    have_all.unwrap_or_else(|_| panic!("a client has not come to the end: {}", checker.summary()));
}

fn start(folder: &Folder, durability: &str) -> Server {
    let dir = folder.path("data");
    let history = ["--history", "1000000", "--data-dir", &dir, "--durability", durability];
    Server::start(&[&["--mode", "shared"], &history[..]].concat())
}

/// What all share who use a server that is killed and begins again.
pub(crate) struct Load {
    pub(crate) checker: Checker,
    /// Whether publishers end what they have begun, and go.
    pub(crate) is_over: AtomicBool,
    pub(crate) acknowledged: AtomicUsize,
    addr: Mutex<SocketAddr>,
}

impl Load {
    fn new(checker: &Checker, addr: SocketAddr) -> Self {
        Self {
            checker: checker.clone(),
            is_over: AtomicBool::new(false),
            acknowledged: AtomicUsize::new(0),
            addr: Mutex::new(addr),
        }
    }

    /// Where the server listens, or did.
    pub(crate) fn addr(&self) -> SocketAddr {
        *self.addr.lock().unwrap()
    }

    fn move_to(&self, addr: SocketAddr) {
        *self.addr.lock().unwrap() = addr;
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    fn until_acknowledged(&self, publications: usize) {
        let begun = Instant::now();
        while self.acknowledged.load(Ordering::Relaxed) < publications {
            assert!(begun.elapsed() < HANG, "nothing is acknowledged any more");
            thread::sleep(RETRY);
        }
    }
}

/// Ends all, also if a test panics that publishers would go on in.
struct Over<'a>(&'a Load);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

pub(crate) fn channel(number: usize) -> String {
    format!("c{number}")
}

/// After what time is tried again what a server that is not there could not do.
pub(crate) const RETRY: Duration = Duration::from_millis(5);

/// The data of the last event of each channel.
pub(crate) const LAST: &str = "last";

pub(crate) const CHANNELS: usize = 20;

/// How many clients there are: 200, or what `CLIENTS` says.
pub(crate) fn crowd() -> usize {
    env::var("CLIENTS").map_or(200, |clients| clients.parse().unwrap())
}

const PUBLISHERS: usize = 8;

/// How many publications are acknowledged between two kills, at least.
pub(crate) const EVENTS: usize = 150;
