//! "Answers, errors too, carry the exact origin", as configured and not otherwise.

use crate::{Head, Response, Setup, Target, head};

/// Without configuration no answer speaks of origins, and OPTIONS is 405.
pub async fn nothing_is_said_unless_configured(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup::default()).await;
    let _listener = target.listen("taken").await;

    for (method, path) in REQUESTS {
        let answer = ask(&target, method, path, Some(LISTED)).await;
        assert!(said(&answer).is_empty(), "{method} {path}: {answer:?}");
    }
    assert_eq!(options(&target, LISTED).await.status(), 405);
}

/// A listed origin reads every answer, refusals too, and the answers are not cached for others.
pub async fn a_listed_origin_reads_every_answer(start: impl AsyncFn(Setup) -> Target) {
    let target = start(listing()).await;
    let _listener = target.listen("taken").await;

    for (method, path) in REQUESTS {
        let answer = ask(&target, method, path, Some(LISTED)).await;
        let expected = [allowing(LISTED), EXPOSED.to_owned(), VARY.to_owned()];
        assert_eq!(said(&answer), expected, "{method} {path}");
    }
}

/// Another origin reads none, and neither does a request without one; caches are told all the same.
pub async fn other_origins_read_nothing(start: impl AsyncFn(Setup) -> Target) {
    let target = start(listing()).await;
    let _listener = target.listen("taken").await;

    for origin in [None, Some("https://other.example"), Some("null"), Some("https://app.example:1")]
    {
        for (method, path) in REQUESTS {
            let answer = ask(&target, method, path, origin).await;
            assert_eq!(said(&answer), [VARY], "{method} {path} {origin:?}");
        }
    }
}

/// `*` is for every origin, and what caches keep is for every origin too.
pub async fn any_origin_can_be_allowed(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { allow_origins: vec!["*".to_owned()], ..Setup::default() }).await;
    let _listener = target.listen("taken").await;

    for origin in [None, Some(LISTED), Some("null")] {
        for (method, path) in REQUESTS {
            let answer = ask(&target, method, path, origin).await;
            assert_eq!(said(&answer), [&allowing("*"), EXPOSED], "{method} {path} {origin:?}");
        }
    }
}

/// Credentials are allowed to listed origins only, and only where that is configured.
pub async fn credentials_need_leave_of_their_own(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { allow_credentials: true, ..listing() }).await;

    let answer = ask(&target, "POST", "/ping/nobody", Some(LISTED)).await;
    assert_eq!(said(&answer), [CREDENTIALS, &allowing(LISTED), EXPOSED, VARY]);
    let answer = ask(&target, "POST", "/ping/nobody", Some("https://other.example")).await;
    assert_eq!(said(&answer), [VARY]);
}

/// "OPTIONS answers 204 with GET, POST and `Content-Type, Last-Event-ID, Idempotency-Key`, max age
/// 600", on any path.
pub async fn options_says_what_may_be_asked(start: impl AsyncFn(Setup) -> Target) {
    let target = start(listing()).await;

    let answer = options(&target, LISTED).await;
    assert_eq!((answer.status(), answer.text()), (204, ""));
    let expected = [
        "access-control-allow-headers: content-type, last-event-id, idempotency-key",
        "access-control-allow-methods: GET, POST",
        &allowing(LISTED),
        EXPOSED,
        "access-control-max-age: 600",
        "vary: Access-Control-Request-Headers",
        VARY,
    ];
    assert_eq!(said(&answer.head), expected);

    let answer = options(&target, "https://other.example").await;
    assert_eq!((answer.status(), said(&answer.head)), (204, vec![VARY.to_owned()]));
}

async fn ask(target: &Target, method: &str, path: &str, origin: Option<&str>) -> Head {
    let mut fields = vec![("Content-Length", "0")];
    fields.extend(origin.map(|origin| ("Origin", origin)));
    let mut connection = target.connect().await;
    connection.send(head(method, path, &fields)).await;
    connection.head().await
}

async fn options(target: &Target, origin: &str) -> Response {
    let fields = [("Origin", origin), ("Access-Control-Request-Method", "POST")];
    target.exchange(head("OPTIONS", "/ping/42", &fields)).await
}

/// What the head says about origins, sorted.
fn said(head: &Head) -> Vec<String> {
    let about = |line: &String| line.starts_with("access-control-") || line.starts_with("vary:");
    head.fields().into_iter().filter(about).collect()
}

fn listing() -> Setup {
    let allow_origins = vec!["https://first.example".to_owned(), LISTED.to_owned()];
    Setup { allow_origins, ..Setup::default() }
}

fn allowing(origin: &str) -> String {
    format!("access-control-allow-origin: {origin}")
}

const REQUESTS: [(&str, &str); 8] = [
    ("GET", "/"),
    ("GET", "/poll/42"),
    ("HEAD", "/poll/43"),
    ("GET", "/poll/taken"),
    ("GET", "/other/42"),
    ("POST", "/ping/nobody"),
    ("POST", "/ping/taken"),
    ("PUT", "/ping/taken"),
];
const LISTED: &str = "https://app.example";
const VARY: &str = "vary: Origin";
const CREDENTIALS: &str = "access-control-allow-credentials: true";
const EXPOSED: &str = "access-control-expose-headers: Sse-Resume, Sse-Last-Event-ID, Sse-Id, \
                       Sse-Listeners, Sse-Duplicate, Sse-Refused, Retry-After, \
                       WWW-Authenticate";
