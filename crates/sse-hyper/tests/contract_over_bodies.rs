//! The contract of the protocol, over the server of this crate, where middleware has wrapped every body.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use sse_testkit::contract_tests;
use support::start_with_bodies;

contract_tests!(start_with_bodies);
