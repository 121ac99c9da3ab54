//! The contract of the protocol, over the server of this crate, where middleware has wrapped every body.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use sse_testkit::{Setup, contract_tests, is_driven_by_engines, run};
use support::start_with_bodies;

contract_tests!(start_with_bodies);

#[test]
fn no_engine_writes_its_streams() {
    run(async {
        let target = start_with_bodies(Setup::default()).await;
        assert!(!is_driven_by_engines(&target).await);
    });
}
