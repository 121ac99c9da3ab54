//! Request targets that are no path (RFC 9112, section 3.2): none of them reaches a channel, and none of
//! them disturbs the server.

use crate::{Setup, Target, head};

/// A target is a path, or a URL; a bare name is neither.
pub async fn a_target_without_a_path_is_refused(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for bare in ["x", "poll", "poll/42", "test:80", "test:80/poll/42", "?42", "*x", "http:poll/42"]
    {
        for method in ["GET", "HEAD", "POST", "OPTIONS"] {
            expect_refusal(&target, method, bare, &[400]).await;
        }
    }
    expect_undisturbed(&target).await;
}

/// The asterisk is the whole server, of which only OPTIONS asks something.
pub async fn the_asterisk_is_no_channel(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for method in ["GET", "HEAD", "POST"] {
        expect_refusal(&target, method, "*", &[400, 404]).await;
    }
    expect_refusal(&target, "PUT", "*", &[400, 404, 405]).await;
    expect_refusal(&target, "OPTIONS", "*", &[404, 405]).await;
    expect_undisturbed(&target).await;
}

/// The authority form asks for a tunnel, which is served nowhere.
pub async fn there_is_no_tunnel(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for tunnel in ["h:1", "test:80", "test", "[::1]:80"] {
        expect_refusal(&target, "CONNECT", tunnel, &[400, 501]).await;
    }
    for other in ["/poll/42", "http://test/poll/42"] {
        expect_refusal(&target, "CONNECT", other, &[405, 501]).await;
    }
    expect_refusal(&target, "CONNECT", "*", &[404, 405, 501]).await;
    expect_undisturbed(&target).await;
}

/// A URL without a path means the root, and one without a host means nothing.
pub async fn a_url_may_leave_the_path_out(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;

    for url in ["http://test", "http://test/", "http://test?a=b", "http://test:80"] {
        let page = target.get(url).await;
        assert_eq!(page.status(), 200, "{url}");
        assert!(page.text().contains("<html"), "{url}");
    }
    for url in ["http://", "http:///poll/42"] {
        expect_refusal(&target, "GET", url, &[400]).await;
    }
    expect_undisturbed(&target).await;
}

async fn status(target: &Target, method: &str, at: &str) -> u16 {
    let mut connection = target.connect().await;
    let fields: &[_] = if method == "POST" { &[("Content-Length", "0")] } else { &[] };
    connection.send(head(method, at, fields)).await;
    connection.head().await.status
}

/// Frameworks that refuse a target by themselves have more than one word for it.
async fn expect_refusal(target: &Target, method: &str, at: &str, expected: &[u16]) {
    let status = status(target, method, at).await;
    assert!(expected.contains(&status), "{method} {at}: {status}, not one of {expected:?}");
}

async fn expect_undisturbed(target: &Target) {
    assert!(!target.has_listener("42").await);
    let _listener = target.listen("42").await;
    assert!(target.has_listener("42").await);
}
