//! What is acknowledged by servers on one Redis reaches everybody once, whichever of them is killed under load.

use std::{
    env, mem,
    net::SocketAddr,
    sync::LazyLock,
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use sse_testkit::{checker::Checker, cluster::Balancer};
use tokio::runtime::Runtime;

use crate::{
    durable::{EVENTS, crowd, put_under_load},
    support::{HANG, Nodes, Server, exchange},
};

/// `KILLS` says how often something is killed.
#[test]
fn nothing_acknowledged_is_lost_or_doubled_when_servers_and_redis_are_killed_under_load() {
    let kills = env::var("KILLS").map_or(2, |kills| kills.parse().unwrap());
    let nodes = Nodes::new(&["--mode", "shared", "--history", "1000000"]);
    let mut servers = [(); 3].map(|()| nodes.start(&[]));
    let addrs = |servers: &[Server]| servers.iter().map(|it| it.addr()).collect::<Vec<_>>();
    let _runtime = RUNTIME.enter();
    let balancer = Balancer::start(addrs(&servers));
    let checker = Checker::new();

    put_under_load(&checker, balancer.addr(), kills, |_, kill| {
        if kill % 2 == 0 {
            return nodes.redis.restart();
        }
        let killed = kill / 2 % servers.len();
        servers[killed].signal(Signal::KILL);
        let next = nodes.start(&[]);
        let ended = mem::replace(&mut servers[killed], next).into_process().wait();
        assert_eq!(ended.code, None, "it was killed");
        balancer.set_targets(addrs(&servers));
    });

    let summary = checker.summary();
    assert_eq!((summary.gaps, summary.unknown, summary.refused), (0, 0, 0), "{summary}");
    assert!((kills + 1) * EVENTS <= summary.acknowledged, "{summary}");
    assert!(kills.div_ceil(2) * crowd() / 6 <= summary.reconnections, "{summary}");
}

/// `BACK` says within how many seconds they have to be.
#[test]
fn all_clients_of_a_server_that_is_killed_are_soon_at_the_others() {
    let patience = env::var("BACK").map_or(HANG, |back| Duration::from_secs(back.parse().unwrap()));
    let nodes = Nodes::new(&["--mode", "shared", "--history", "1000000"]);
    let mut servers: Vec<_> = (0..3).map(|_| nodes.start_with_admin(&[])).collect();
    let addrs: Vec<_> = servers.iter().map(|(server, _)| server.addr()).collect();
    let admins: Vec<_> = servers.iter().map(|(_, admin)| *admin).collect();
    let _runtime = RUNTIME.enter();
    // It learns of the dead one as its clients do.
    let balancer = Balancer::start(addrs);
    let checker = Checker::new();

    put_under_load(&checker, balancer.addr(), 1, |_, _| {
        until_listening(&admins, crowd(), HANG);
        let (killed, _) = servers.remove(0);
        killed.signal(Signal::KILL);
        killed.into_process().wait();
        until_listening(&admins[1..], crowd(), patience);
    });

    let summary = checker.summary();
    assert_eq!((summary.gaps, summary.unknown, summary.refused), (0, 0, 0), "{summary}");
    assert!(crowd() / 6 <= summary.reconnections, "{summary}");
}

/// Waits until so many listen at the servers with these addresses for the operator.
fn until_listening(admins: &[SocketAddr], count: usize, patience: Duration) {
    let listeners = |admin: &SocketAddr| -> usize {
        let figures = exchange(*admin, "GET", "/metrics", "");
        let value =
            figures.text().lines().find_map(|line| line.strip_prefix("eventsource_listeners "));
        value.unwrap().parse().unwrap()
    };
    let begun = Instant::now();
    while admins.iter().map(listeners).sum::<usize>() < count {
        assert!(begun.elapsed() < patience, "not all are back after {:?}", begun.elapsed());
        sleep(Duration::from_millis(20));
    }
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
