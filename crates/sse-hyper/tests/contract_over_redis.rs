//! The contract of the protocol, over the server of this crate, where Redis keeps the histories.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use sse_core::history::History;
use sse_redis::{RedisConfig, Store};
use sse_testkit::{Setup, Target, cluster::RedisServer, contract_tests};
use support::start;
use tokio::runtime::Runtime;

async fn start_with_store(mut setup: Setup) -> Target {
    setup.store = Some(|history| open(history));
    start(setup).await
}

/// A store of its own for each hub, which can be used.
fn open(history: &History) -> Arc<Store> {
    static REDIS: LazyLock<RedisServer> = LazyLock::new(|| RedisServer::start(&[]));
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    static HUBS: AtomicUsize = AtomicUsize::new(0);

    let prefix = format!("hub{}", HUBS.fetch_add(1, Ordering::Relaxed));
    let config = RedisConfig::new(REDIS.url()).with_prefix(prefix).with_history(history);
    let opened = async {
        let store = Store::start(config).unwrap();
        store.ready().await.unwrap();
        Arc::new(store)
    };
    // The test's own runtime has to go on meanwhile.
    thread::scope(|scope| scope.spawn(|| RUNTIME.block_on(opened)).join().unwrap())
}

// What is kept in memory alone has an end where memory has, and what a store keeps does not.
contract_tests!(start_with_store, except: [
    "hub::limits::a_full_history_refuses_nothing",
    "hub::limits::made_up_tokens_shut_nobody_out",
    "hub::limits::the_channel_used_longest_ago_gives_way"
]);
