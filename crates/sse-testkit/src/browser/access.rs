//! Who may listen and publish, as pages meet it: cookies that end, tickets, and pages of other origins.

use std::time::Duration;

use serde_json::{Value, json};
use sse_core::{GatewayConfig, HubConfig, gateway::Hosts, history::History};

use crate::{
    RecordedRequest, Setup, Target,
    chromium::{Browser, Seen, Site, Source},
    contract::access::{People, listen_as, publish, revoke_subject},
    relay::Relay,
};

/// "A stream whose grant ends is ended: `event: sse.expired`, then cleanly, so that a browser comes back with a
/// fresh cookie", and misses nothing of a channel that remembers.
pub async fn a_source_goes_on_with_a_fresh_cookie(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    set_cookie(&browser, "brief.1200").await;
    let source = browser.open("/poll/42", &["ping", "sse.expired"]).await;
    source.expect_open().await;
    set_cookie(&browser, "chief").await;
    assert_eq!(publish(&target, "42", "1").await, 200);
    expect(&source, "ping", "1").await;

    expect(&source, "sse.expired", "{}").await;
    assert_eq!(publish(&target, "42", "2").await, 200);

    assert_eq!(source.next().await, Seen::Lost);
    source.expect_open().await;
    expect(&source, "ping", "2").await;
    let cookies: Vec<_> = relay.requests("/poll/42").iter().map(cookie).collect();
    assert_eq!(cookies, ["auth=brief.1200", "auth=chief"]);
}

/// "Or gets 401 and stops."
pub async fn a_source_without_a_fresh_cookie_stops(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    set_cookie(&browser, "mallory").await;
    let source = browser.open("/poll/42", &["sse.expired"]).await;
    source.expect_open().await;

    revoke_subject(&target, "mallory");

    expect(&source, "sse.expired", "{}").await;
    assert_eq!(source.next().await, Seen::Lost);
    assert_eq!(source.next().await, Seen::Closed);
    assert_eq!(source.ready_state().await, CLOSED);
    assert_eq!(relay.requests("/poll/42").len(), 2);
}

/// "Since `EventSource` sets no headers, a ticket in the query", "as often as needed: the URL of an `EventSource` is
/// fixed".
pub async fn a_source_listens_and_comes_back_by_its_ticket(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let relay = Relay::start(&target).await;
    let browser = Browser::at(&relay.origin()).await;
    let with_header = json!({"method": "POST", "headers": {"Authorization": "Bearer chief"}});
    let answer = browser.call("ask", vec![json!("/ticket/42"), with_header]).await;
    let ticket = answer[1].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok());
    let ticket = ticket.unwrap_or_else(|| panic!("{answer}"))["ticket"].clone();
    let path = format!("/poll/42?ticket={}", ticket.as_str().expect("it is text"));
    let source = browser.open(&path, &["ping"]).await;
    source.expect_open().await;
    assert_eq!(publish(&target, "42", "1").await, 200);
    expect(&source, "ping", "1").await;

    relay.cut();

    assert_eq!(publish(&target, "42", "2").await, 200);
    assert_eq!(source.next().await, Seen::Lost);
    source.expect_open().await;
    expect(&source, "ping", "2").await;
    let requests = relay.requests(&path);
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.field("authorization").is_none()));
}

/// "Cookies count only on requests of the same origin, or from an origin listed by name with
/// `--allow-credentials` (never `*`)": neither a form nor `fetch` publishes, and nothing is read.
pub async fn a_cookie_counts_for_no_page_of_another_origin(start: impl AsyncFn(Setup) -> Target) {
    let site = Site::start().await;
    let (page, origin) = of_this_host(&site);
    let browser = Browser::at(&page).await;
    set_cookie(&browser, "chief").await;
    for allow_origins in [vec![], vec![origin], vec!["*".to_owned()]] {
        let is_listed = !allow_origins.is_empty();
        let target = start(Setup { allow_origins, shared: true, ..guarded() }).await;
        let mut listener = listen_as(&target, "chief", "42").await;
        let (ping, poll) = (json!(target.url("/ping/42")), json!(target.url("/poll/42")));

        let forged = json!({"method": "POST", "credentials": "include", "body": "forged"});
        assert_eq!(browser.call("ask", vec![ping.clone(), forged]).await, FAILED);
        browser.call("postForm", vec![ping.clone()]).await;
        browser.call("sendBlindly", vec![ping.clone(), json!("POST")]).await;
        browser.call("sendBlindly", vec![poll, json!("GET")]).await;
        let source = browser.open_with_credentials(&target.url("/poll/42"), &[]).await;
        assert_eq!(source.next().await, Seen::Closed);
        let plain = json!({"method": "POST", "body": "forged"});
        let read = browser.call("ask", vec![ping, plain]).await;
        assert_eq!(read[0], if is_listed { json!(401) } else { Value::Null }, "{read}");

        assert_eq!(publish(&target, "42", "the first").await, 200);
        listener.expect("event: ping\ndata: the first\n\n").await;
    }
}

/// From such an origin it counts, and a page reads why it is refused.
pub async fn a_cookie_counts_for_a_page_of_a_trusted_origin(start: impl AsyncFn(Setup) -> Target) {
    let site = Site::start().await;
    let (page, origin) = of_this_host(&site);
    let setup = Setup { allow_origins: vec![origin], allow_credentials: true, ..guarded() };
    let target = start(setup).await;
    let browser = Browser::at(&page).await;
    set_cookie(&browser, "chief").await;
    let source = browser.open_with_credentials(&target.url("/poll/42"), &["ping"]).await;
    source.expect_open().await;
    for (cookie, credentials, status, text) in [
        ("chief", "include", 200, ""),
        ("chief", "omit", 401, "Credentials are needed"),
        ("junk", "include", 401, "Credentials are not valid"),
        ("nobody", "include", 403, "This is not permitted"),
    ] {
        set_cookie(&browser, cookie).await;
        let asked = json!({"method": "POST", "credentials": credentials, "body": cookie});
        let read = browser.call("ask", vec![json!(target.url("/ping/42")), asked]).await;
        assert_eq!(read[0], status, "{cookie} {credentials}: {read}");
        assert!(read[1].as_str().is_some_and(|body| body.contains(text)), "{read}");
    }
    source.expect("ping", "chief", "").await;
}

/// A page that frames those of the server shows nothing of them, be they what they are for or refusals.
pub async fn a_page_that_frames_the_server_shows_nothing(start: impl AsyncFn(Setup) -> Target) {
    let target = start(guarded()).await;
    let site = Site::start().await;
    let browser = Browser::at(&site.at("127.0.0.1")).await;
    let own = site.at("localhost");
    assert_eq!(browser.place_of_frame(&own).await, own, "a frame that may be shown is");
    for path in ["/", "/poll/42", "/other/42"] {
        let place = browser.place_of_frame(&target.url(path)).await;
        assert!(place.starts_with("chrome-error:"), "{path}: {place}");
    }
}

/// "Rebinding": a name that leads here is the server's own site to a browser. What is presented there does not
/// count, whatever it is.
pub async fn a_credential_under_a_foreign_name_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let here = |config: GatewayConfig| {
        config.with_hosts(Hosts::loopback().with_host("test").expect("it is a name"))
    };
    let target = start(Setup { gateway_config: here, shared: true, ..guarded() }).await;
    let mut listener = listen_as(&target, "chief", "42").await;
    let browser = Browser::at(&format!("http://evil.test:{}/", target.addr().port())).await;
    set_cookie(&browser, "chief").await;

    let with_header = json!({"method": "POST", "headers": {"Authorization": "Bearer chief"}});
    for path in ["/ping/42", "/close/42", "/ticket/42"] {
        let read = browser.call("ask", vec![json!(path), with_header.clone()]).await;
        assert_eq!(read[0], 403, "{path}: {read}");
        assert!(read[1].as_str().is_some_and(|body| body.contains("Host evil.test")), "{read}");
    }
    let source = browser.open("/poll/42?ticket=42~chief", &[]).await;
    assert_eq!(source.next().await, Seen::Closed);

    assert_eq!(publish(&target, "42", "the first").await, 200);
    listener.expect("event: ping\ndata: the first\n\n").await;
}

/// Sees that the next event of `source` is this one, whatever its ID.
async fn expect(source: &Source<'_>, name: &str, data: &str) {
    let seen = source.next().await;
    let is_it = matches!(&seen, Seen::Event { name: n, data: d, .. } if n == name && d == data);
    assert!(is_it, "{name} {data} is not {seen:?}");
}

async fn set_cookie(browser: &Browser, who: &str) {
    browser.run("document.cookie = `auth=${arguments[0]}`", vec![json!(who)]).await;
}

fn cookie(request: &RecordedRequest) -> String {
    request.field("cookie").unwrap_or_default().to_owned()
}

/// A page of another port of this host, to which its cookies go too, and its origin.
fn of_this_host(site: &Site) -> (String, String) {
    let page = site.at("127.0.0.1");
    let origin = page.trim_end_matches('/').to_owned();
    (page, origin)
}

/// Only people with a cookie, a token or a ticket: a frame in which a password is asked for never loads.
fn guarded() -> Setup {
    Setup { access: Some(People::access_without_passwords()), ..Setup::default() }
}

/// The same on channels that remember, to which a source comes back soon.
fn remembering() -> Setup {
    let hub = |config: HubConfig| {
        config.with_history(History::new(42)).with_retry(Duration::from_millis(10))
    };
    Setup { hub, ..guarded() }
}

const CLOSED: u8 = 2;
const FAILED: &str = "TypeError: Failed to fetch";
