//! The contract of the protocol, over a router on `sse_hyper::Server`.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use sse_testkit::contract_tests;
use support::start_on_server;

contract_tests!(start_on_server);
