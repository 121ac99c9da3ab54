//! What is acknowledged by servers on one Redis reaches everybody once, whichever of them is killed under load.

use std::{env, mem, sync::LazyLock};

use rustix::process::Signal;
use sse_testkit::{checker::Checker, cluster::Balancer};
use tokio::runtime::Runtime;

use crate::{
    durable::{CLIENTS, EVENTS, put_under_load},
    support::{Nodes, Server},
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
    assert!(kills.div_ceil(2) * CLIENTS / 6 <= summary.reconnections, "{summary}");
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
