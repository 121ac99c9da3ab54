use std::{future::ready, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use futures_util::future::{join_all, select};
use http::{HeaderValue, request::Parts};
use sse_access::{
    Authentication, Endpoint, Jwt, Keys, Passwords, Refresh, RemoteKeys, TicketKey, limits::Limits,
};
use sse_core::{
    access::{Credential, Denied},
    gateway::RemoteAddr,
};
use sse_testkit::{ScriptedServer, Step};

use crate::asking::{answer, find, granting, parts, signing_key, subject, token, upstream};

/// The password is `password`.
const ALICE: &str =
    "alice:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

/// A request from this address.
fn from(address: &str) -> Parts {
    let mut parts = parts("GET", "/poll/42", &[]);
    let address: SocketAddr = (address.parse::<std::net::IpAddr>().unwrap(), 4000).into();
    parts.extensions.insert(RemoteAddr::from(address));
    parts
}

/// Two attempts of an address may fail within a minute.
fn two() -> Authentication {
    Authentication::new().with_limits(Arc::new(Limits::new().with_max_auth_failures(2)))
}

fn has_to_wait(found: &Result<Option<sse_core::access::Grant>, Denied>) -> bool {
    matches!(found, Err(Denied::TooManyFailures { retry_after })
        if Duration::ZERO < *retry_after && *retry_after <= Duration::from_secs(60))
}

#[tokio::test]
async fn after_so_many_failures_an_address_has_to_wait_and_no_other() {
    let key = signing_key("1");
    let valid = token(&key, "alice", 60);
    let tickets = TicketKey::random().unwrap();
    let server = ScriptedServer::start((0..4).map(|_| answer("401 Unauthorized"))).await;
    let authentication = two()
        .with_jwt(Jwt::new(Keys::new().with_key(key.verifying_key())))
        .with_passwords(Passwords::parse(ALICE).unwrap())
        .with_tickets(tickets, Duration::from_secs(60))
        .with_upstream(upstream(&server));
    let others = ["Digest a", "Digest b", "Digest c"].map(HeaderValue::from_static);
    let forged = token(&signing_key("1"), "alice", 60);
    let unknown = token(&signing_key("2"), "alice", 60);
    let [a, b, c] = &others;
    let attempts = [
        [Credential::Bearer("made up"), Credential::Bearer(&forged), Credential::Bearer(&unknown)],
        [Credential::Cookie(&forged), Credential::Cookie("x"), Credential::Bearer(&forged)],
        [Credential::Basic("YTpi"), Credential::Basic("YWxpY2U6eA=="), Credential::Basic("YTpi")],
        [Credential::Basic("%"), Credential::Basic("YTpi"), Credential::Basic("YTpi")],
        [
            Credential::Ticket("x".into()),
            Credential::Ticket("y".into()),
            Credential::Ticket("x".into()),
        ],
        [Credential::Other(a), Credential::Other(b), Credential::Other(c)],
    ];

    for (number, [first, second, third]) in attempts.into_iter().enumerate() {
        let here = from(&format!("192.0.2.{number}"));
        for wrong in [first, second] {
            let found = find(&authentication, &here, wrong).await;
            assert_eq!(subject(&found), Err(Denied::Unauthorized), "{number}");
        }

        assert!(has_to_wait(&find(&authentication, &here, third.clone()).await), "{third:?}");
        let right = Credential::Bearer(&valid);
        let elsewhere = find(&authentication, &from("198.51.100.1"), right).await;
        assert_eq!(subject(&elsewhere), Ok(Some("alice")), "{number}");
    }
    assert_eq!(server.connections(), 2, "one who has to wait is not asked about");
}

#[tokio::test]
async fn what_is_remembered_counts_for_one_who_has_to_wait_too() {
    let key = signing_key("1");
    let jwt = Jwt::new(Keys::new().with_key(key.verifying_key()));
    let authentication = two().with_jwt(jwt);
    let (known, unknown) = (token(&key, "alice", 60), token(&key, "bob", 60));
    let here = from("192.0.2.1");
    let known = Credential::Bearer(&known);
    find(&authentication, &here, known.clone()).await.unwrap();
    for _ in 0..2 {
        find(&authentication, &here, Credential::Bearer("made up")).await.unwrap_err();
    }

    assert_eq!(subject(&find(&authentication, &here, known).await), Ok(Some("alice")));
    assert!(has_to_wait(&find(&authentication, &here, Credential::Bearer(&unknown)).await));
}

#[tokio::test]
async fn what_was_valid_once_is_no_failure_nor_is_what_cannot_be_checked() {
    let key = signing_key("1");
    let server =
        ScriptedServer::start([answer("500 No"), answer("403 Forbidden"), answer("200 OK")]).await;
    let authentication = two()
        .with_jwt(Jwt::new(Keys::new().with_key(key.verifying_key())))
        .with_upstream(upstream(&server));
    let here = from("192.0.2.1");
    let expired = token(&key, "alice", -3600);
    let other = HeaderValue::from_static("Digest x");

    for _ in 0..3 {
        let found = find(&authentication, &here, Credential::Bearer(&expired)).await;
        assert_eq!(subject(&found), Err(Denied::Unauthorized));
        find(&authentication, &here, Credential::Other(&other)).await.unwrap_err();
    }

    let valid = token(&key, "alice", 60);
    let found = find(&authentication, &here, Credential::Bearer(&valid)).await;
    assert_eq!(subject(&found), Ok(Some("alice")));
}

#[tokio::test]
async fn one_who_leaves_before_the_answer_has_failed_all_the_same() {
    let slowly = |script: Vec<Step>| {
        let mut script = script;
        script.insert(1, Step::Sleep(Duration::from_millis(50)));
        script
    };
    let scripts = [slowly(answer("401 No")), slowly(answer("401 No")), granting("alice")];
    let server = ScriptedServer::start(scripts).await;
    let authentication =
        two().with_passwords(Passwords::parse(ALICE).unwrap()).with_upstream(upstream(&server));

    let (asking, hashing) = (from("192.0.2.1"), from("192.0.2.2"));
    for secret in ["1", "2"] {
        let asked = find(&authentication, &asking, Credential::Bearer(secret));
        select(pin!(asked), ready(())).await;
        let hashed = find(&authentication, &hashing, Credential::Basic("YTpi"));
        select(pin!(hashed), ready(())).await;
    }

    let hashed = find(&authentication, &hashing, Credential::Basic("YTpi")).await;
    assert!(has_to_wait(&hashed), "{hashed:?}");
    for number in 3..1000 {
        let found = find(&authentication, &asking, Credential::Bearer(&number.to_string())).await;
        if has_to_wait(&found) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the failures of the one who left are not counted");
}

#[tokio::test]
async fn those_who_wait_for_their_turn_to_be_hashed_are_refused_once_too_many_before_them_have_failed()
 {
    let authentication = two().with_passwords(Passwords::parse(ALICE).unwrap());
    let here = from("192.0.2.1");

    let wrong = Credential::Basic("YTpi");
    let found = join_all((0..50).map(|_| find(&authentication, &here, wrong.clone()))).await;

    let hashed = found.iter().filter(|found| **found == Err(Denied::Unauthorized)).count();
    // Two are hashed at once: the third begins when the first has failed and the second has not.
    assert!((2..=3).contains(&hashed), "{hashed}");
    assert_eq!(found.iter().filter(|found| has_to_wait(found)).count(), 50 - hashed);
}

#[tokio::test]
async fn many_who_wait_for_one_answer_are_one_failure() {
    let server = ScriptedServer::start([answer("401 No"), granting("alice")]).await;
    let authentication = two().with_upstream(upstream(&server));
    let here = from("192.0.2.1");

    let wrong = (0..10).map(|_| find(&authentication, &here, Credential::Bearer("wrong")));
    join_all(wrong).await;

    let found = find(&authentication, &here, Credential::Bearer("right")).await;
    assert_eq!(subject(&found), Ok(Some("alice")));
}

#[tokio::test]
async fn a_key_that_is_nowhere_is_a_failure_once_that_is_known() {
    let key = signing_key("1");
    let keys = serde_json::json!({ "keys": [key.public_jwk()] }).to_string();
    let script = vec![
        Step::ExpectHead,
        Step::send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{keys}", keys.len())),
        Step::Close,
    ];
    let server = ScriptedServer::start([script]).await;
    let keys = RemoteKeys::spawn(Endpoint::new(&server.url("/")).unwrap(), Refresh::default());
    let authentication = two().with_remote_jwt(Jwt::new(Keys::new()), keys);
    let here = from("192.0.2.1");
    let unknown = token(&signing_key("2"), "mallory", 60);

    for _ in 0..2 {
        let found = find(&authentication, &here, Credential::Bearer(&unknown)).await;
        assert_eq!(subject(&found), Err(Denied::Unauthorized));
    }

    assert!(has_to_wait(&find(&authentication, &here, Credential::Bearer(&unknown)).await));
}

#[tokio::test]
async fn another_server_is_told_where_a_request_comes_from() {
    for (proxy, fields, expected) in [
        (None, &[("x-forwarded-for", "198.51.100.7")][..], "192.0.2.1"),
        (Some("192.0.2.0/24"), &[("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
    ] {
        let server = ScriptedServer::start([granting("alice")]).await;
        let mut limits = Limits::new();
        if let Some(proxy) = proxy {
            limits = limits.with_trusted_proxy(proxy.parse().unwrap());
        }
        let authentication =
            Authentication::new().with_upstream(upstream(&server)).with_limits(Arc::new(limits));
        let mut here = from("192.0.2.1");
        here.headers = parts("GET", "/", fields).headers;

        find(&authentication, &here, Credential::Bearer("a")).await.unwrap();

        assert_eq!(server.requests()[0].field("x-forwarded-for"), Some(expected));
    }
    let server = ScriptedServer::start([granting("alice")]).await;
    let authentication = Authentication::new().with_upstream(upstream(&server));
    let mapped = from("::ffff:192.0.2.9");
    find(&authentication, &mapped, Credential::Bearer("a")).await.unwrap();
    assert_eq!(server.requests()[0].field("x-forwarded-for"), Some("192.0.2.9"));
}
