//! HTTP/2 over TLS, as ALPN agrees on it, and HTTP/1.1 without.

use crate::{
    Setup, Target, TlsIdentity,
    chromium::{Browser, Seen},
    patience,
};

/// Far more than the six connections that a browser opens to a server over HTTP/1.1.
pub async fn twenty_streams_share_one_page_over_http_2(start: impl AsyncFn(Setup) -> Target) {
    let target = start(over_tls()).await;
    let browser = Browser::at(&target.url("/")).await;
    assert_eq!(protocol(&browser).await, "h2");
    let tokens: Vec<_> = (0..20).map(|token| token.to_string()).collect();

    let mut sources = Vec::new();
    for token in &tokens {
        sources.push(browser.open(&format!("/poll/{token}"), &["ping"]).await);
    }
    for source in &sources {
        source.expect_open().await;
    }

    for token in &tokens {
        assert_eq!(browser.post(&format!("/ping/{token}"), token).await, 200);
    }
    for (source, token) in sources.iter().zip(&tokens) {
        source.expect("ping", token, "").await;
    }
}

/// "When a connection ends, the token is free": here only a part of the connection ends.
pub async fn a_closed_tab_frees_its_tokens_over_http_2(start: impl AsyncFn(Setup) -> Target) {
    let target = start(over_tls()).await;
    let browser = Browser::at(&target.url("/")).await;
    for token in ["a", "b"] {
        browser.open(&format!("/poll/{token}"), &[]).await.expect_open().await;
    }

    browser.move_to_new_tab(&target.url("/")).await;

    for token in ["a", "b"] {
        let what = format!("somebody listens on {token}");
        patience::until(&what, async || browser.post(&format!("/ping/{token}"), "").await == 404)
            .await;
        browser.open(&format!("/poll/{token}"), &[]).await.expect_open().await;
    }
}

/// What HTTP/2 is for: the seventh stream of a page waits until one of six is closed.
pub async fn six_streams_share_one_page_over_http_1(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let browser = Browser::at(&target.url("/")).await;
    assert_eq!(protocol(&browser).await, "http/1.1");
    let mut sources = Vec::new();
    for token in 0..6 {
        let source = browser.open(&format!("/poll/{token}"), &[]).await;
        source.expect_open().await;
        sources.push(source);
    }

    let seventh = browser.open("/poll/6", &["ping"]).await;
    assert!(!target.has_listener("6").await);
    sources[0].close().await;

    assert_eq!(seventh.next().await, Seen::Open);
    target.publish("ping", "6", "hi").await;
    seventh.expect("ping", "hi", "").await;
}

fn over_tls() -> Setup {
    Setup { tls: Some(TlsIdentity::self_signed()), ..Setup::default() }
}

/// The name by which ALPN knows the protocol over which the page came.
async fn protocol(browser: &Browser) -> String {
    let script = "return performance.getEntriesByType('navigation')[0].nextHopProtocol";
    let protocol = browser.run(script, vec![]).await;
    protocol.as_str().expect("a page came over a protocol").to_owned()
}
