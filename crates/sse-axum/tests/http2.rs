//! HTTP/2, of which the contract over raw TCP knows nothing.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use sse_testkit::{http2, run};
use support::{start, start_on_server};

/// `axum::serve` does not tell the address of the client, by which connections are told apart.
#[test]
fn bodies_of_one_connection_have_a_share() {
    run(http2::bodies_of_one_connection_have_a_share(start_on_server));
}

#[test]
fn a_stream_that_fails_is_reset_behind_what_came_before() {
    run(http2::a_stream_that_fails_is_reset_behind_what_came_before(start));
    run(http2::a_stream_that_fails_is_reset_behind_what_came_before(start_on_server));
}

#[test]
fn a_stream_ends_with_its_grant() {
    run(http2::a_stream_ends_with_its_grant(start));
    run(http2::a_stream_ends_with_its_grant(start_on_server));
}

#[test]
fn a_revoked_stream_ends_behind_the_event_that_is_begun() {
    run(http2::a_revoked_stream_ends_behind_the_event_that_is_begun(start));
    run(http2::a_revoked_stream_ends_behind_the_event_that_is_begun(start_on_server));
}
