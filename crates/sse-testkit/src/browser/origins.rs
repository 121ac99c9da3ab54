//! Pages of another origin than the stream's: who may read it is the server's to say.
//!
//! Ports tell origins apart but not sites, so that a cookie of the page's server goes to the other
//! one too.

use crate::{
    Setup, Target,
    chromium::{Browser, Seen},
    relay::Relay,
};

/// Without leave no other origin reads a stream.
pub async fn a_foreign_origin_is_shut_out(start: impl AsyncFn(Setup) -> Target) {
    let (home, target) = (start(Setup::default()).await, start(Setup::default()).await);
    let browser = Browser::at(&home.url("/")).await;

    let source = browser.open(&target.url("/poll/42"), &[]).await;

    assert_eq!(source.next().await, Seen::Closed);
    target.until_left("42").await;
}

/// Leave is given to an origin, not to all of them.
pub async fn an_origin_that_is_not_listed_is_shut_out(start: impl AsyncFn(Setup) -> Target) {
    let (home, other) = (start(Setup::default()).await, start(Setup::default()).await);
    let target = start(Setup { allow_origins: vec![other.url("")], ..Setup::default() }).await;
    let browser = Browser::at(&home.url("/")).await;

    let source = browser.open(&target.url("/poll/42"), &[]).await;

    assert_eq!(source.next().await, Seen::Closed);
    target.until_left("42").await;
}

/// `*` lets in pages of any origin.
pub async fn any_origin_can_be_let_in(start: impl AsyncFn(Setup) -> Target) {
    let home = start(Setup::default()).await;
    let target = start(Setup { allow_origins: vec!["*".to_owned()], ..Setup::default() }).await;
    let browser = Browser::at(&home.url("/")).await;

    let source = browser.open(&target.url("/poll/42"), &["ping"]).await;

    source.expect_open().await;
    target.publish("ping", "42", "hi").await;
    source.expect("ping", "hi", "").await;
}

/// Every origin that is listed reads, each of its own stream.
pub async fn listed_origins_listen(start: impl AsyncFn(Setup) -> Target) {
    let homes = [start(Setup::default()).await, start(Setup::default()).await];
    let allow_origins = homes.iter().map(|home| home.url("")).collect();
    let target = start(Setup { allow_origins, ..Setup::default() }).await;

    for home in &homes {
        let browser = Browser::at(&home.url("/")).await;
        let source = browser.open(&target.url("/poll/42"), &["ping"]).await;
        source.expect_open().await;
        target.publish("ping", "42", "hi").await;
        source.expect("ping", "hi", "").await;
        drop(browser);
        target.until_left("42").await;
    }
}

/// The browser asks again as it asked first, with the last event ID, and without asking for leave.
pub async fn a_listed_origin_is_connected_again(start: impl AsyncFn(Setup) -> Target) {
    let home = start(Setup::default()).await;
    let target =
        start(Setup { allow_origins: vec![home.url("")], ..Setup::string_with_ids() }).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&home.url("/")).await;
    let source = browser.open(&format!("{}/poll/42", relay.origin()), &["ping"]).await;
    source.expect_open().await;
    target.publish("retry", "42", "10").await;
    target.publish("ping", "42", "before").await;
    source.expect("ping", "before", "0").await;

    relay.cut();

    assert_eq!(source.next().await, Seen::Lost);
    source.expect_open().await;
    let again = &relay.requests("/poll/42")[1];
    assert_eq!(again.field("last-event-id"), Some("0"));
    assert_eq!(again.field("origin"), Some(&*home.url("")));
    target.publish("ping", "42", "after").await;
    source.expect("ping", "after", "1").await;
}

/// A listed origin reads without credentials, and none are sent.
pub async fn no_credentials_are_sent_unasked(start: impl AsyncFn(Setup) -> Target) {
    let (browser, relay, _servers) = with_cookie(start, true).await;

    let source = browser.open(&format!("{}/poll/42", relay.origin()), &[]).await;

    source.expect_open().await;
    assert_eq!(relay.requests("/poll/42")[0].field("cookie"), None);
}

/// A listed origin does not read with credentials unless that is allowed too.
pub async fn credentials_need_leave_of_their_own(start: impl AsyncFn(Setup) -> Target) {
    let (browser, relay, _servers) = with_cookie(start, false).await;

    let url = format!("{}/poll/42", relay.origin());
    let source = browser.open_with_credentials(&url, &[]).await;

    assert_eq!(source.next().await, Seen::Closed);
    assert_eq!(relay.requests("/poll/42").len(), 1);
}

/// With that leave they are sent, and the stream is read.
pub async fn credentials_are_sent_with_leave(start: impl AsyncFn(Setup) -> Target) {
    let (browser, relay, [_home, target]) = with_cookie(start, true).await;

    let url = format!("{}/poll/42", relay.origin());
    let source = browser.open_with_credentials(&url, &["ping"]).await;

    source.expect_open().await;
    assert_eq!(relay.requests("/poll/42")[0].field("cookie"), Some("who=me"));
    target.publish("ping", "42", "hi").await;
    source.expect("ping", "hi", "").await;
}

/// A browser that shows a page of the first server and has a cookie, and a relay to the second one,
/// which lists the first one's origin.
async fn with_cookie(
    start: impl AsyncFn(Setup) -> Target,
    allow_credentials: bool,
) -> (Browser, Relay, [Target; 2]) {
    let home = start(Setup::default()).await;
    let allow_origins = vec![home.url("")];
    let target = start(Setup { allow_origins, allow_credentials, ..Setup::default() }).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&home.url("/")).await;
    browser.run("document.cookie = 'who=me'", vec![]).await;
    (browser, relay, [home, target])
}
