//! HTTP/2, of which the contract over raw TCP knows nothing.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use sse_testkit::{http2, run};
use support::start;

#[test]
fn bodies_of_one_connection_have_a_share() {
    run(http2::bodies_of_one_connection_have_a_share(start));
}

#[test]
fn a_stream_that_fails_is_reset_behind_what_came_before() {
    run(http2::a_stream_that_fails_is_reset_behind_what_came_before(start));
}
