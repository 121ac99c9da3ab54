//! The first program of the README, served.

use sse_testkit::{run, words};

#[test]
fn a_browser_that_has_all_comes_back_once() {
    run(words::a_browser_that_has_all_comes_back_once("axum_words"));
}
