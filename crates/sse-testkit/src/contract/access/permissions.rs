//! "A grant says what its holder may do": listen on and publish to token patterns, and by which actions.

use sse_core::access::Permissions;

use super::{
    People,
    answer::{Answer, Asked, ask, bearer, forbidden},
    remembering,
};
use crate::{Setup, Target};

/// "Checked on GET, HEAD, POST, batch, `close` and `retry`, also when an id resumes"; "at most one `*`, at the
/// end; a literal `*` in a token is reached by a pattern only"; "missing: all but `close` and `retry`".
pub async fn a_grant_permits_what_it_says(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    let other = position(&target, "elsewhere").await;
    for row in WHO_MAY.lines().skip(1) {
        let mut words = row.split_whitespace().filter(|word| *word != "|");
        let (who, token) = (words.next().expect("a name"), words.next().expect("a channel"));
        let own = position(&target, token).await;
        let named =
            |text: &str| text.replace("TOKEN", token).replace("OWN", &own).replace("OTHER", &other);
        for &(line, field) in &OPERATIONS {
            let status = words.next().expect("a status for each operation");
            let (line, value, by) = (named(line), named(field.1), bearer(who));
            let fields = [(field.0, &*value), ("Authorization", &by)];
            let answer = ask(&target, &Asked::new(&line, &fields)).await;
            let expected = match status {
                "403" if line.starts_with("HEAD") => forbidden().without_body(),
                "403" => forbidden(),
                "404" => Answer::refusal("404: Not Found", "Unknown action requested"),
                _ => Answer { status: status.parse().expect("a status"), ..answer.clone() },
            };
            assert_eq!(answer, expected, "{who}: {line} {value}");
        }
        assert_eq!(words.next(), None, "a status too much for {who} {token}");
    }
}

/// "Anonymous: once any access option is given, only what [the two options] say (without `close` and `retry`)",
/// and a grant adds to it.
pub async fn everybody_may_do_what_is_said_of_everybody(start: impl AsyncFn(Setup) -> Target) {
    let everybody = Permissions::none()
        .with_listen("news".parse().expect("a pattern"))
        .with_publish("box:*".parse().expect("a pattern"));
    let access = People::access().with_anonymous(everybody);
    let target = start(Setup { access: Some(access), ..remembering() }).await;
    for (line, anonymous, writer, nobody) in [
        ("GET /poll/news", 200, 200, 200),
        ("HEAD /poll/news", 200, 200, 200),
        ("POST /ticket/news", 200, 200, 200),
        ("GET /poll/box:7", 401, 403, 403),
        ("GET /poll/other", 401, 403, 403),
        ("POST /ticket/other", 401, 403, 403),
        ("POST /ping/box:7", 200, 200, 200),
        ("POST /pong/box:7", 404, 404, 404),
        ("POST /close/box:7", 401, 403, 403),
        ("POST /retry/box:7", 401, 403, 403),
        ("POST /ping/news", 401, 200, 403),
        ("POST /close/news", 401, 403, 403),
    ] {
        let writer = (&[("Authorization", "Bearer writer")][..], writer);
        let nobody = (&[("Authorization", "Bearer nobody")][..], nobody);
        for (fields, status) in [(&[][..], anonymous), writer, nobody] {
            let answer = ask(&target, &Asked::new(line, fields)).await;
            assert_eq!(answer.status, status, "{line} {fields:?}: {answer:?}");
        }
    }
}

/// The position of an event in the channel `token`, which `chief` publishes.
async fn position(target: &Target, token: &str) -> String {
    let line = format!("POST /ping/{token}");
    let published = ask(target, &Asked::new(&line, &[("Authorization", "Bearer chief")])).await;
    published.field("sse-id").unwrap_or_else(|| panic!("{published:?}")).to_owned()
}

/// What each may do with a channel: to listen as a newcomer, by HEAD, with an id of the channel, with one of
/// another channel, and from the start; to publish in six ways; to have a ticket.
const WHO_MAY: &str = "\
    who     channel   GET HEAD own other since | ping batch close retry pong poll | ticket
    reader  news      200 200  200 200   200   | 403  403   403   403   403  403  | 200
    reader  News      403 403  403 403   403   | 403  403   403   403   403  403  | 403
    reader  newsroom  403 403  403 403   403   | 403  403   403   403   403  403  | 403
    reader  room:     200 200  200 200   200   | 403  403   403   403   403  403  | 200
    reader  room:7    200 200  200 200   200   | 403  403   403   403   403  403  | 200
    reader  room:*    200 200  200 200   200   | 403  403   403   403   403  403  | 200
    reader  room      403 403  403 403   403   | 403  403   403   403   403  403  | 403
    reader  other     403 403  403 403   403   | 403  403   403   403   403  403  | 403
    writer  news      403 403  403 403   403   | 200  200   403   403   404  404  | 403
    writer  other     403 403  403 403   403   | 403  403   403   403   403  403  | 403
    both    room:7    200 200  200 200   200   | 200  200   403   403   404  404  | 200
    both    *         403 403  403 403   403   | 403  403   403   403   403  403  | 403
    star    a*b       200 200  200 200   200   | 200  200   403   403   404  404  | 200
    star    a         200 200  200 200   200   | 200  200   403   403   404  404  | 200
    star    b         403 403  403 403   403   | 403  403   403   403   403  403  | 403
    all     other     200 200  200 200   200   | 200  200   403   403   404  404  | 200
    all     *         200 200  200 200   200   | 200  200   403   403   404  404  | 200
    chief   other     200 200  200 200   200   | 200  200   200   200   403  403  | 200
    closer  news      403 403  403 403   403   | 403  403   200   403   403  403  | 403
    closer  other     403 403  403 403   403   | 403  403   403   403   403  403  | 403
    nobody  news      403 403  403 403   403   | 403  403   403   403   403  403  | 403
    banned  news      403 403  403 403   403   | 403  403   403   403   403  403  | 403";

/// What is asked for in each column.
const OPERATIONS: [(&str, (&str, &str)); 12] = [
    ("GET /poll/TOKEN", PLAIN),
    ("HEAD /poll/TOKEN", PLAIN),
    ("GET /poll/TOKEN", ("Last-Event-ID", "OWN")),
    ("GET /poll/TOKEN?last_event_id=OTHER", PLAIN),
    ("GET /poll/TOKEN?since=earliest", PLAIN),
    ("POST /ping/TOKEN", PLAIN),
    ("POST /ping/TOKEN", ("Content-Type", "application/x-ndjson")),
    ("POST /close/TOKEN", PLAIN),
    ("POST /retry/TOKEN", PLAIN),
    ("POST /pong/TOKEN", PLAIN),
    ("POST /poll/TOKEN", PLAIN),
    ("POST /ticket/TOKEN", PLAIN),
];
const PLAIN: (&str, &str) = ("Accept", "*/*");
