//! The contract of the protocol, over actix-web.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use sse_testkit::contract_tests;
use support::start;

contract_tests!(start);
