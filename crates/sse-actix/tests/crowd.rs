//! A crowd on a server of actix-web.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use sse_testkit::crowd_tests;
use support::start;

crowd_tests!(start);
