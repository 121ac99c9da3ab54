//! The contract of the protocol, over `axum::serve`.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use sse_testkit::{Setup, contract_tests, is_driven_by_engines, run};
use support::start;

// `axum::serve` does not tell the address of the client. hyper stops reading while bytes wait that it has not
// served, so the end behind them is not seen.
contract_tests!(start, except: [
    "access::limits::a_limiter_is_told_the_address",
    "listening::ends::a_listener_that_owes_a_body_is_gone",
    "listening::ends::a_listener_that_talks_is_gone"
]);

#[test]
fn no_engine_writes_its_streams() {
    run(async {
        let target = start(Setup::default()).await;
        assert!(!is_driven_by_engines(&target).await);
    });
}
