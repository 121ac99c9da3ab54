//! The contract of the protocol, over the server of this crate.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use sse_testkit::{Setup, contract_tests, is_driven_by_engines, run};
use support::start;

contract_tests!(start);

#[test]
#[cfg(target_os = "linux")]
fn engines_write_its_streams() {
    run(async {
        let target = start(Setup::default()).await;
        assert!(is_driven_by_engines(&target).await);
    });
}
