//! axum with this crate, as a browser sees it.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use sse_testkit::browser_tests;
use support::start;

browser_tests!(start);
