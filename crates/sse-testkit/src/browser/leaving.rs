//! "When a connection ends, the token is free as soon as the server's loop has seen the end": the
//! ways in which a browser leaves.

use crate::{Setup, Target, chromium::Browser};

/// `EventSource.close()`.
pub async fn a_closed_source_frees_its_token(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let browser = Browser::at(&target.url("/")).await;
    let source = browser.open("/poll/42", &[]).await;
    source.expect_open().await;

    source.close().await;

    target.until_left("42").await;
    target.listen("42").await;
}

/// Another page in the place of the one that listened, which closes its source in `pagehide`.
///
/// A page has to: Chromium keeps one that was left, with its open streams, so that it is there at
/// once when the user goes back.
pub async fn a_page_that_closes_its_source_when_left_frees_its_token(
    start: impl AsyncFn(Setup) -> Target,
) {
    let target = start(Setup::default()).await;
    let browser = Browser::at(&target.url("/")).await;
    let source = browser.open("/poll/42", &[]).await;
    source.expect_open().await;

    source.close_when_left().await;
    browser.visit("about:blank").await;

    target.until_left("42").await;
    target.listen("42").await;
}

/// A tab that was closed, while the browser lives on.
pub async fn a_closed_tab_frees_its_token(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let browser = Browser::at(&target.url("/")).await;
    browser.open("/poll/42", &[]).await.expect_open().await;

    browser.move_to_new_tab(&target.url("/")).await;

    target.until_left("42").await;
    browser.open("/poll/42", &[]).await.expect_open().await;
}

/// The end of the browser.
pub async fn a_closed_browser_frees_its_token(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let browser = Browser::at(&target.url("/")).await;
    browser.open("/poll/42", &[]).await.expect_open().await;

    browser.end();

    target.until_left("42").await;
    target.listen("42").await;
}
