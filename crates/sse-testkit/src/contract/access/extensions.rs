//! "The framework's own middleware keeps working": a grant that it puts into the extensions of a request is taken
//! in place of asking anybody.

use sse_core::access::{Access, from_fn};

use super::{
    EXPIRED, ScriptedLimiter,
    answer::{Answer, Asked, INVALID_BEARER, ask, forbidden},
    guarded, revoke_subject,
};
use crate::{Listener, OPEN, Setup, Target, head};

/// Whatever credential there is beside it; without a session somebody is asked.
pub async fn a_grant_of_middleware_is_taken(start: impl AsyncFn(Setup) -> Target) {
    let limiter = ScriptedLimiter::default();
    let setup = Setup { limiter: Some(limiter.clone()), shared: true, ..guarded() };
    let target = start(Setup { sessions: true, ..setup }).await;
    let _listener = listen(&target, "/poll/news", "both").await;
    limiter.take_asked();
    for (line, fields, status) in [
        ("GET /poll/news", &[("X-Session", "both")][..], 200),
        ("HEAD /poll/news", &[("X-Session", "reader")], 200),
        ("POST /ping/news", &[("X-Session", "both")], 200),
        ("POST /ticket/news", &[("X-Session", "both")], 200),
        ("POST /close/news", &[("X-Session", "both")], 403),
        ("GET /poll/other", &[("X-Session", "both")], 403),
        ("POST /ping/news", &[("X-Session", "reader")], 403),
        ("POST /ping/news", &[("X-Session", "reader"), ("Authorization", "Bearer chief")], 403),
        ("POST /ping/news", &[("X-Session", "both"), ("Authorization", "Bearer junk")], 200),
        ("POST /ping/news", &[("X-Session", "ended"), ("Authorization", "Bearer chief")], 401),
        ("POST /ping/news", &[("X-Session", "unknown")], 401),
        ("POST /ping/news", &[("X-Session", "unknown"), ("Authorization", "Bearer both")], 200),
        ("POST /ping/news", &[("X-Session", "both"), ("Sec-Fetch-Site", "cross-site")], 403),
    ] {
        let answer = ask(&target, &Asked::new(line, fields)).await;
        assert_eq!(answer.status, status, "{line} {fields:?}: {answer:?}");
    }
    assert!(limiter.take_asked().contains(&"ping news by both".to_owned()));
}

/// "Also where there is no `Access`": who has a grant is held to it, and for all others it is open as ever.
pub async fn a_grant_counts_where_nobody_is_asked(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { sessions: true, shared: true, ..Setup::default() }).await;
    let _listener = target.listen("news").await;
    let _other = target.listen("other").await;
    for (line, session, expected) in [
        ("POST /ping/news", "both", None),
        ("POST /ping/news", "reader", Some(forbidden())),
        ("POST /close/news", "both", Some(forbidden())),
        ("POST /ping/other", "both", Some(forbidden())),
        ("GET /poll/other", "both", Some(forbidden())),
        ("POST /ping/news", "ended", Some(ended())),
        ("GET /poll/news", "ended", Some(ended())),
        ("POST /ping/other", "unknown", None),
    ] {
        let answer = ask(&target, &Asked::new(line, &[("X-Session", session)])).await;
        match expected {
            Some(expected) => assert_eq!(answer, expected, "{line} {session}"),
            None => assert_eq!(answer.status, 200, "{line} {session}: {answer:?}"),
        }
    }
}

/// The stream of a session ends with its grant, at once when it is revoked.
pub async fn the_stream_of_a_session_ends(start: impl AsyncFn(Setup) -> Target) {
    let target = start(Setup { sessions: true, ..guarded() }).await;
    let mut listener = listen(&target, "/poll/news", "brief.300").await;
    listener.expect(EXPIRED).await;
    listener.expect_end().await;

    let mut listener = listen(&target, "/poll/news", "mallory").await;
    revoke_subject(&target, "mallory");
    listener.expect(EXPIRED).await;
    listener.expect_end().await;
}

/// "Whether somebody may listen the route has decided before, so no authenticator is asked. A grant ends the
/// stream when it ends or is revoked."
pub async fn a_route_of_ones_own_decides_for_itself(start: impl AsyncFn(Setup) -> Target) {
    let nobody = from_fn(|_| panic!("nobody is to be asked"));
    let limiter = ScriptedLimiter::default();
    let setup = Setup { access: Some(Access::new(nobody)), own_route: true, ..Setup::default() };
    let target = start(Setup { sessions: true, limiter: Some(limiter.clone()), ..setup }).await;

    for session in ["none", "writer"] {
        let listener = listen(&target, "/own", session).await;
        assert_eq!(limiter.seats(), 1);
        drop(listener);
        limiter.until_seats(0).await;
    }
    let mut listener = listen(&target, "/own", "brief.300").await;
    listener.expect(EXPIRED).await;
    listener.expect_end().await;
    let mut listener = listen(&target, "/own", "mallory").await;
    revoke_subject(&target, "mallory");
    listener.expect(EXPIRED).await;
    listener.expect_end().await;

    for session in ["mallory", "ended"] {
        let answer = ask(&target, &Asked::new("GET /own", &[("X-Session", session)])).await;
        assert_eq!(answer, ended(), "{session}");
    }
}

/// "Credentials are not valid", of a server that takes no passwords.
fn ended() -> Answer {
    Answer::refusal("401: Unauthorized", "Credentials are not valid").with([INVALID_BEARER])
}

async fn listen(target: &Target, path: &str, session: &str) -> Listener {
    let mut connection = target.connect().await;
    connection.send(head("GET", path, &[("X-Session", session)])).await;
    let head = connection.head().await;
    assert_eq!(head.status, 200, "{session} {path}: {head:?}");
    let mut listener = Listener::new(connection, head);
    listener.expect(OPEN).await;
    listener
}
