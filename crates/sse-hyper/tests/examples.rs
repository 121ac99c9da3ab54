//! The examples, as processes over sockets.

sse_testkit::example_tests!();
