//! "Other sites": what a page of another site can make a browser send.

use crate::{Setup, Target, contract::expect, head};

/// "A POST, and a GET that would listen, is 403": a form, `fetch` without CORS, an image, an
/// `EventSource`, a page in a frame without an origin.
pub async fn pages_of_other_sites_change_nothing(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let mut listener = target.listen("42").await;
    for fields in OTHER_SITES {
        for (method, path) in [
            ("POST", "/ping/42"),
            ("POST", "/close/42"),
            ("POST", "/ping/nobody"),
            ("GET", "/poll/43"),
            ("GET", "/poll/42"),
            ("HEAD", "/poll/43"),
        ] {
            let status = ask(&target, method, path, fields).await;
            assert_eq!(status, 403, "{method} {path} {fields:?}");
        }
        assert_eq!(ask(&target, "GET", "/", fields).await, 200, "{fields:?}");
        assert!(!target.has_listener("43").await);
    }
    target.publish("ping", "42", "still there").await;
    listener.expect("event: ping\ndata: still there\n\n").await;
}

/// "Exactly one `same-origin` or `none`"; "or an `Origin` whose host and port are those of `Host`".
pub async fn pages_of_the_server_itself_and_programs_pass(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let _listener = target.listen("42").await;
    for fields in [
        &[][..],
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", "http://elsewhere")],
        &[("Sec-Fetch-Site", "none")],
        &[("Origin", "http://test")],
        &[("Origin", "https://TEST")],
    ] {
        assert_eq!(ask(&target, "POST", "/ping/42", fields).await, 200, "{fields:?}");
        assert_eq!(ask(&target, "GET", "/poll/43", fields).await, 200, "{fields:?}");
        target.until_left("43").await;
    }
}

/// "An `Origin` that is allowed passes."
pub async fn allowed_origins_pass(start: impl AsyncFn(Setup) -> Target) {
    let allow_origins = vec!["https://app.example".to_owned()];
    let target = start(Setup { allow_origins, ..Setup::default() }).await;
    let _listener = target.listen("42").await;
    let site = ("Sec-Fetch-Site", "cross-site");
    let allowed = [site, ("Origin", "https://app.example")];

    assert_eq!(ask(&target, "POST", "/ping/42", &allowed).await, 200);
    assert_eq!(ask(&target, "GET", "/poll/43", &allowed).await, 200);
    for origin in ["https://app.example.evil", "null", "http://app.example"] {
        assert_eq!(ask(&target, "POST", "/ping/42", &[site, ("Origin", origin)]).await, 403);
        assert_eq!(ask(&target, "POST", "/ping/42", &[("Origin", origin)]).await, 403);
    }
}

/// The body says what is wrong and what allows it.
pub async fn a_refused_site_is_told_the_option(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let fields = [("Content-Length", "0"), ("Origin", "null")];
    let refused = target.exchange(head("POST", "/ping/42", &fields)).await;

    let text = expect::reason(&refused, "403: Forbidden");

    assert!(text.contains("--allow-origin"), "{text}");
}

/// The status of the answer to a request without a body.
async fn ask(target: &Target, method: &str, path: &str, fields: &[(&str, &str)]) -> u16 {
    let fields = [&[("Content-Length", "0")], fields].concat();
    let mut connection = target.connect().await;
    connection.send(head(method, path, &fields)).await;
    connection.head().await.status
}

const OTHER_SITES: [&[(&str, &str)]; 7] = [
    &[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")],
    &[("Sec-Fetch-Site", "same-site"), ("Origin", "http://test:1")],
    &[("Sec-Fetch-Site", "same-origin, none")],
    &[("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "none")],
    &[("Origin", "http://evil.example")],
    &[("Origin", "null")],
    &[("Origin", "http://test:8888"), ("Content-Type", "text/plain")],
];
