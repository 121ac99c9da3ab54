//! "`POST /ticket/{token}` with a grant answers `{"ticket":…,"expires":…}`, `no-store`: listening on that token
//! alone, until the grant ends, as often as needed until then".

use sse_core::access::{Access, Permissions, from_fn};

use super::{
    EXPIRED, People,
    answer::{Answer, Asked, ask, forbidden, invalid},
    guarded, publish, remembering, revoke_subject,
};
use crate::{Listener, Setup, Target, head};

/// The answer, whole; a GET with the ticket listens, and nothing else is permitted by it.
pub async fn a_ticket_is_for_listening_on_one_channel(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let both = [("Authorization", "Bearer both")];

    let answer = ask(&target, &Asked::new("POST /ticket/news", &both)).await;

    let fields = [
        "cache-control: no-store",
        "content-type: application/json",
        "x-content-type-options: nosniff",
    ];
    let body = r#"{"ticket":"news~both","expires":2000000000}"#;
    let expected =
        Answer { status: 200, fields: fields.map(str::to_owned).into(), body: body.into() };
    assert_eq!(answer, expected);
    for (line, expected) in [
        ("GET /poll/news", None),
        ("GET /poll/news", None),
        ("HEAD /poll/news", None),
        ("POST /ticket/news", None),
        ("GET /poll/room:7", Some(forbidden())),
        ("POST /ping/news", Some(forbidden())),
        ("POST /ticket/room:7", Some(forbidden())),
    ] {
        let line = format!("{line}?ticket=news~both");
        let answer = ask(&target, &Asked::new(&line, &[])).await;
        match expected {
            Some(expected) => assert_eq!(answer, expected, "{line}"),
            None => assert_eq!(answer.status, 200, "{line}: {answer:?}"),
        }
    }
}

/// "Revoked with its subject": its stream, and what it would open.
pub async fn a_ticket_is_revoked_with_its_subject(start: impl AsyncFn(Setup) -> Target) {
    let target = start(guarded()).await;
    let mut connection = target.connect().await;
    connection.send(head("GET", "/poll/news?ticket=news~mallory", &[])).await;
    let head = connection.head().await;
    let mut listener = Listener::new(connection, head).opened().await;

    revoke_subject(&target, "mallory");

    listener.expect(EXPIRED).await;
    listener.expect_end().await;
    let again = ask(&target, &Asked::new("GET /poll/news?ticket=news~mallory", &[])).await;
    assert_eq!(again, invalid());
    assert_eq!(publish(&target, "news", "1").await, 404);
}

/// Where there are no tickets, and where nobody is asked who sends a request, the action does not exist.
pub async fn without_tickets_there_is_no_such_action(start: impl AsyncFn(Setup) -> Target) {
    let none = || Access::new(from_fn(|_| Ok(None))).with_anonymous(Permissions::all());
    let unknown = Answer::refusal("404: Not Found", "Unknown action requested");
    for access in [None, Some(none())] {
        let target = start(Setup { access, ..Setup::default() }).await;
        let _listener = target.listen("news").await;
        for line in ["POST /ticket/news", "POST /ticket/other"] {
            let answer = ask(&target, &Asked::new(line, &[])).await;
            assert_eq!(answer, unknown, "{line}");
        }
    }
}

/// A page of another origin asks for one with a header, where CORS allows it; pages of other sites get none.
pub async fn a_page_of_an_allowed_origin_gets_one(start: impl AsyncFn(Setup) -> Target) {
    let allow_origins = vec!["https://app.example".to_owned()];
    let target = start(Setup { allow_origins, ..guarded() }).await;
    let page = [("Origin", "https://app.example"), ("Sec-Fetch-Site", "cross-site")];
    let fields = [&page[..], &[("Authorization", "Bearer both")]].concat();

    let answer = ask(&target, &Asked::new("POST /ticket/news", &fields)).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.field("access-control-allow-origin"), Some("https://app.example"));
    let access = People::access().with_anonymous(Permissions::all());
    let open = start(Setup { access: Some(access), ..guarded() }).await;
    let answer = ask(&open, &Asked::new("POST /ticket/news", &page)).await;
    assert_eq!(answer.status, 403, "another site gets none, not even what everybody may have");
}
