//! How somebody says who they are: "header beats cookie beats query", and several of a kind are none.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use sse_core::access::{Access, Denied, Permissions, from_async_fn, from_fn};

use super::{
    People,
    answer::{Answer, Asked, BASIC, BEARER, ask, forbidden, invalid, needed},
    remembering, revoke_subject,
};
use crate::{Setup, Target};

/// "Presented as `Authorization: Bearer`, a cookie of a configured name, or a ticket in the query"; Basic.
pub async fn a_credential_counts_where_it_belongs(start: impl AsyncFn(Setup) -> Target) {
    let target = start(remembering()).await;
    revoke_subject(&target, "mallory");
    for &(query, fields, listening, publishing) in PRESENTED {
        for (line, verdict) in [("GET /poll/news", listening), ("POST /ping/news", publishing)] {
            let line = format!("{line}{query}");
            let answer = ask(&target, &Asked::new(&line, fields)).await;
            expect(&answer, verdict, &format!("{line} {fields:?}"));
        }
    }
}

/// "An invalid cookie is no reason to refuse what everybody may": any other invalid credential is.
pub async fn a_cookie_that_is_not_valid_takes_nothing_away(start: impl AsyncFn(Setup) -> Target) {
    let everybody = Permissions::none().with_listen("news".parse().expect("a pattern"));
    let access = People::access().with_anonymous(everybody);
    let target = start(Setup { access: Some(access), ..remembering() }).await;
    for (query, fields, verdict) in [
        ("", &[][..], "ok"),
        ("", &[("Cookie", "auth=junk")], "ok"),
        ("", &[("Cookie", "auth=ended")], "ok"),
        ("", &[("Cookie", "auth=nobody")], "ok"),
        ("", &[("Cookie", "auth=junk; auth=both")], "ok"),
        ("?ticket=junk", &[("Cookie", "auth=junk")], "ok"),
        ("", &[("Cookie", "auth=banned")], "forbidden"),
        ("", &[("Authorization", "Bearer junk")], "invalid"),
        ("", &[("Authorization", "Bearer ended")], "invalid"),
        ("", &[("Authorization", "Basic junk")], "invalid"),
        ("", &[("Authorization", "Bearer junk"), ("Cookie", "auth=both")], "invalid"),
        ("?ticket=junk", &[], "invalid"),
        ("?ticket=other~both", &[], "ok"),
    ] {
        let line = format!("GET /poll/news{query}");
        let answer = ask(&target, &Asked::new(&line, fields)).await;
        expect(&answer, verdict, &format!("{line} {fields:?}"));
    }
}

/// `WWW-Authenticate` names Basic where passwords are taken, but not where the browser would ask its user in vain:
/// for what a script fetches, and for a page of another origin, from which no password counts.
pub async fn a_password_is_asked_for_where_one_is_taken(start: impl AsyncFn(Setup) -> Target) {
    let listing =
        || Setup { allow_origins: vec!["https://app.example".to_owned()], ..remembering() };
    let nobody = Access::new(from_fn(|_| Ok(None)));
    let with = start(listing()).await;
    let without = start(Setup { access: Some(nobody), ..listing() }).await;
    for (site, mode, is_asked) in [
        (("Sec-Fetch-Site", "same-origin"), None, true),
        (("Sec-Fetch-Site", "same-origin"), Some("navigate"), true),
        (("Sec-Fetch-Site", "none"), Some("navigate"), true),
        (("Sec-Fetch-Site", "same-origin"), Some("cors"), false),
        (("Sec-Fetch-Site", "same-origin"), Some("same-origin"), false),
        (("Sec-Fetch-Site", "same-origin"), Some("no-cors"), false),
        (("Origin", "https://app.example"), None, false),
        (("Origin", "https://app.example"), Some("navigate"), false),
    ] {
        let mode = mode.map(|mode| ("Sec-Fetch-Mode", mode));
        let fields: Vec<_> = [Some(site), mode].into_iter().flatten().collect();
        for line in ["GET /poll/news", "HEAD /poll/news", "POST /ping/news", "POST /ticket/news"] {
            for (target, is_asked) in [(&with, is_asked), (&without, false)] {
                let answer = ask(target, &Asked::new(line, &fields)).await;
                let said = answer.fields.iter().filter(|line| line.starts_with("www-auth"));
                let expected = [is_asked.then_some(BASIC), Some(BEARER)].into_iter().flatten();
                assert!(said.eq(expected), "{line} {fields:?}: {answer:?}");
                assert_eq!(answer.status, 401, "{line} {fields:?}");
            }
        }
    }
}

/// What an authenticator says that is not yes: 401, 403, 429 and 503, at once or later.
pub async fn every_way_to_be_denied_has_an_answer(start: impl AsyncFn(Setup) -> Target) {
    let later = from_async_fn(|request| {
        let denied = match request.parts().headers.get("x-want").map(|want| want.as_bytes()) {
            Some(b"unauthorized") => Denied::Unauthorized,
            Some(b"forbidden") => Denied::Forbidden,
            Some(b"hammering") => {
                Denied::TooManyFailures { retry_after: Duration::from_millis(1_500) }
            }
            _ => Denied::Unavailable,
        };
        async move {
            tokio::task::yield_now().await;
            Err(denied)
        }
    });
    let target = start(Setup { access: Some(Access::new(later)), ..remembering() }).await;
    let unavailable =
        Answer::refusal("503: Service Unavailable", "Credentials cannot be checked now");
    let hammering = Answer::refusal("429: Too Many Requests", "Too many attempts have failed");
    for (want, expected) in [
        ("unauthorized", needed_without_password()),
        ("forbidden", forbidden()),
        ("hammering", hammering.with(["retry-after: 2"])),
        ("unavailable", unavailable.with(["retry-after: 5"])),
    ] {
        for line in ["GET /poll/news", "POST /ping/news", "POST /ticket/news"] {
            let answer = ask(&target, &Asked::new(line, &[("X-Want", want)])).await;
            assert_eq!(answer, expected, "{line} {want}");
        }
    }
}

fn needed_without_password() -> Answer {
    Answer::refusal("401: Unauthorized", "Credentials are needed").with([BEARER])
}

/// A grant that ends while somebody has it cannot be used again.
pub async fn a_grant_that_has_ended_is_not_valid(start: impl AsyncFn(Setup) -> Target) {
    // It begins with the first request: a server may take long to start.
    let end = Arc::new(OnceLock::new());
    let begun = end.clone();
    let once = from_fn(move |_| {
        let end = *begun.get_or_init(|| Instant::now() + Duration::from_millis(300));
        Ok(Some(super::people::grant("all")?.with_end(end)))
    });
    let target = start(Setup { access: Some(Access::new(once)), ..remembering() }).await;
    let mut listener = target.listen_at("/poll/news").await;

    while listener.block().await != super::EXPIRED {}

    assert!(*end.get().expect("it was asked") <= Instant::now());
    for line in ["GET /poll/news", "POST /ping/news", "POST /ticket/news"] {
        let answer = ask(&target, &Asked::new(line, &[])).await;
        assert_eq!(answer, needed_without_password(), "{line}");
    }
}

fn expect(answer: &Answer, verdict: &str, what: &str) {
    match verdict {
        "ok" => assert_eq!(answer.status, 200, "{what}: {answer:?}"),
        "needed" => assert_eq!(*answer, needed(), "{what}"),
        "invalid" => assert_eq!(*answer, invalid(), "{what}"),
        "forbidden" => assert_eq!(*answer, forbidden(), "{what}"),
        other => panic!("there is no verdict {other}"),
    }
}

/// Query, fields, and what becomes of listening on and publishing to `news`.
#[expect(clippy::type_complexity, reason = "a table")]
const PRESENTED: &[(&str, &[(&str, &str)], &str, &str)] = &[
    ("", &[], "needed", "needed"),
    ("", &[("Authorization", "Bearer both")], "ok", "ok"),
    ("", &[("Authorization", "bEARER  both ")], "ok", "ok"),
    ("", &[("Authorization", "Bearer reader")], "ok", "forbidden"),
    ("", &[("Authorization", "Bearer writer")], "forbidden", "ok"),
    ("", &[("Authorization", "Bearer BOTH")], "invalid", "invalid"),
    ("", &[("Authorization", "Bearer both,junk")], "invalid", "invalid"),
    ("", &[("Authorization", "Bearer junk")], "invalid", "invalid"),
    ("", &[("Authorization", "Bearer ended")], "invalid", "invalid"),
    ("", &[("Authorization", "Bearer mallory")], "invalid", "invalid"),
    ("", &[("Authorization", "Bearer nobody")], "forbidden", "forbidden"),
    ("", &[("Authorization", "Bearer banned")], "forbidden", "forbidden"),
    ("", &[("Authorization", "Bearer")], "invalid", "invalid"),
    ("", &[("Authorization", "")], "invalid", "invalid"),
    ("", &[("Authorization", "both")], "invalid", "invalid"),
    ("", &[("Authorization", "Digest both")], "invalid", "invalid"),
    ("", &[("Authorization", "Bearer\tboth")], "invalid", "invalid"),
    ("", &[("Authorization", "Basic both")], "ok", "ok"),
    ("", &[("Authorization", "Basic junk")], "invalid", "invalid"),
    (
        "",
        &[("Authorization", "Bearer both"), ("Authorization", "Bearer both")],
        "invalid",
        "invalid",
    ),
    (
        "",
        &[("Authorization", "Bearer both"), ("Authorization", "Basic both")],
        "invalid",
        "invalid",
    ),
    ("", &[("Proxy-Authorization", "Bearer both")], "needed", "needed"),
    ("", &[("Cookie", "auth=both")], "ok", "ok"),
    ("", &[("Cookie", "a=b; auth=\"both\"; c")], "ok", "ok"),
    ("", &[("Cookie", "auth=reader")], "ok", "forbidden"),
    ("", &[("Cookie", "auth=junk")], "invalid", "invalid"),
    ("", &[("Cookie", "auth=")], "invalid", "invalid"),
    ("", &[("Cookie", "auth=ended")], "invalid", "invalid"),
    ("", &[("Cookie", "auth=mallory")], "invalid", "invalid"),
    ("", &[("Cookie", "Auth=both; xauth=both; authx=both")], "needed", "needed"),
    ("", &[("Cookie", "auth=both; auth=junk")], "invalid", "invalid"),
    ("", &[("Cookie", "auth=both"), ("Cookie", "auth=all")], "invalid", "invalid"),
    ("", &[("Cookie", "auth=both; auth=both")], "ok", "ok"),
    ("?ticket=news~both", &[], "ok", "forbidden"),
    ("?a=1&ticket=news%7eboth", &[], "ok", "forbidden"),
    ("?ticket=other~both", &[], "forbidden", "forbidden"),
    ("?ticket=news~ended", &[], "invalid", "invalid"),
    ("?ticket=news~mallory", &[], "invalid", "invalid"),
    ("?ticket=news~junk", &[], "invalid", "invalid"),
    ("?ticket=", &[], "invalid", "invalid"),
    ("?Ticket=news~both", &[], "needed", "needed"),
    ("?access_token=both&authorization=both", &[], "needed", "needed"),
    ("?ticket=news~both&ticket=other~both", &[], "invalid", "invalid"),
    ("?ticket=news~both&ticket=news~both", &[], "ok", "forbidden"),
    ("", &[("Authorization", "Bearer news~both")], "invalid", "invalid"),
    // A header comes before the cookie, and the cookie before the query, whatever becomes of it.
    ("", &[("Authorization", "Bearer both"), ("Cookie", "auth=junk")], "ok", "ok"),
    ("", &[("Authorization", "Bearer junk"), ("Cookie", "auth=both")], "invalid", "invalid"),
    ("?ticket=junk", &[("Authorization", "Bearer both")], "ok", "ok"),
    ("?ticket=news~both", &[("Authorization", "Basic junk")], "invalid", "invalid"),
    ("?ticket=junk", &[("Cookie", "auth=both")], "ok", "ok"),
    ("?ticket=news~both", &[("Cookie", "auth=junk")], "invalid", "invalid"),
    ("?ticket=news~both", &[("Cookie", "other=junk")], "ok", "forbidden"),
];
