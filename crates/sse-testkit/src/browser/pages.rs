//! What pages of other sites make a browser send: nothing of it is done.

use serde_json::json;
use sse_core::{GatewayConfig, HubConfig, channel::Mode, gateway::Hosts};

use crate::{
    Setup, Target,
    chromium::{Browser, Seen, Site},
};

/// A form, and `fetch` that does not ask whether it may.
pub async fn another_site_cannot_publish(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { shared: true, ..Setup::default() }).await;
    let mut listener = target.listen("42").await;
    for host in ["evil.test", "localhost"] {
        let site = Site::start().await;
        let browser = Browser::at(&site.at(host)).await;
        for path in ["/ping/42", "/close/42"] {
            let url = json!(target.url(path));
            browser.call("postForm", vec![url.clone()]).await;
            browser.call("sendBlindly", vec![url, json!("POST")]).await;
        }
    }
    target.publish("ping", "42", "the first").await;
    listener.expect("event: ping\ndata: the first\n\n").await;
}

/// An `EventSource` on a token that would be taken over, and a GET that does not ask whether it may.
pub async fn another_site_cannot_take_a_channel(start: impl AsyncFn(Setup) -> Target) {
    let takeover = |hub: HubConfig| hub.with_mode(Mode::Takeover);
    let target = start(Setup { hub: takeover, ..Setup::default() }).await;
    let mut listener = target.listen("42").await;
    let site = Site::start().await;
    for host in ["evil.test", "localhost"] {
        let browser = Browser::at(&site.at(host)).await;
        let source = browser.open(&target.url("/poll/42"), &[]).await;
        assert_eq!(source.next().await, Seen::Closed);
        let url = json!(target.url("/poll/42"));
        browser.call("sendBlindly", vec![url, json!("GET")]).await;
    }
    target.publish("ping", "42", "hi").await;
    listener.expect("event: ping\ndata: hi\n\n").await;
}

/// A name that resolves to the server's address (DNS rebinding): for the browser the site is the server's
/// own, and reads everything.
pub async fn a_name_that_leads_here_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let on_loopback = |config: GatewayConfig| {
        config.with_hosts(Hosts::loopback().with_host("test").expect("it is a name"))
    };
    let target = start(Setup { gateway_config: on_loopback, ..Setup::default() }).await;
    let port = target.addr().port();
    let browser = Browser::at(&format!("http://evil.test:{port}/")).await;
    assert_eq!(browser.call("status", vec![json!("/")]).await, 403);
    assert_eq!(browser.post("/ping/42", "forged").await, 403);
    let source = browser.open("/poll/42", &[]).await;
    assert_eq!(source.next().await, Seen::Closed);

    browser.visit(&format!("http://localhost:{port}/")).await;

    let source = browser.open("/poll/42", &["ping"]).await;
    source.expect_open().await;
    target.publish("ping", "42", "hi").await;
    source.expect("ping", "hi", "").await;
}

/// A page of an allowed origin listens by `fetch` with a token in a header, which no `EventSource` sends.
pub async fn an_allowed_site_can_send_headers_of_its_own(start: impl AsyncFn(Setup) -> Target) {
    let site = Site::start().await;
    let page = site.at("evil.test");
    let allow_origins = vec![page.trim_end_matches('/').to_owned()];
    let target = start(Setup { allow_origins, ..Setup::default() }).await;
    let browser = Browser::at(&page).await;
    let headers = json!({"Authorization": "Bearer secret", "X-Test": "1"});

    let read = browser.call("fetchStream", vec![json!(target.url("/poll/42")), headers]).await;

    assert_eq!(read, crate::OPEN);
}
