//! The contract of the protocol, over a router on `sse_hyper::Server`.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use sse_testkit::{Setup, contract_tests, is_driven_by_engines, run};
use support::start_on_server;

contract_tests!(start_on_server);

#[test]
#[cfg(target_os = "linux")]
fn engines_write_its_streams() {
    run(async {
        let target = start_on_server(Setup::default()).await;
        assert!(is_driven_by_engines(&target).await);
    });
}
