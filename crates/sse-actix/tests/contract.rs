//! The contract of the protocol, over actix-web.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use sse_testkit::contract_tests;
use support::start;

// The adapter takes path and query out of what actix-web understood, and a target without either for
// the root.
contract_tests!(start, except: [
    "routes::targets::a_target_without_a_path_is_refused",
    "routes::targets::a_url_may_leave_the_path_out"
]);
