//! Every type in a signature of this crate can be named by it.

sse_testkit::name_tests!(sse_actix);
