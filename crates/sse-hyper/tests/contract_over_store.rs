//! The contract of the protocol, over the server of this crate, where a store keeps the histories.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::sync::Arc;

use redb::backends::InMemoryBackend;
use sse_redb::{Store, StoreConfig};
use sse_testkit::{Setup, Target, contract_tests};
use support::start;

async fn start_with_store(mut setup: Setup) -> Target {
    setup.store = Some(|history| {
        let in_memory = || Ok(Box::new(InMemoryBackend::new()) as _);
        let config = StoreConfig::new("memory").with_history(history);
        Arc::new(Store::open_on(config, in_memory).unwrap())
    });
    start(setup).await
}

// What is kept in memory alone has an end where memory has, and what a store keeps does not.
contract_tests!(start_with_store, except: [
    "hub::limits::a_full_history_refuses_nothing",
    "hub::limits::made_up_tokens_shut_nobody_out",
    "hub::limits::the_channel_used_longest_ago_gives_way"
]);
