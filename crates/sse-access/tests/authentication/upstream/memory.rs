use std::{num::NonZeroUsize, time::Duration};

use sse_access::Authentication;
use sse_core::access::{Authenticator, Credential, Denied, Revocation};
use sse_testkit::ScriptedServer;

use crate::asking::{answer, by, find, granting, listen, parts, subject, upstream};

#[tokio::test]
async fn a_grant_and_a_401_are_remembered_for_the_credential() {
    let server =
        ScriptedServer::start([granting("alice"), answer("401 Unauthorized"), granting("eve")])
            .await;
    let authentication = by(&server);

    for token in ["1", "2", "1"] {
        let (alice, bob) =
            (listen(&authentication, token, "a").await, listen(&authentication, token, "b").await);

        assert_eq!(subject(&alice), Ok(Some("alice")));
        assert_eq!(subject(&bob), Err(Denied::Unauthorized));
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_403_is_remembered_for_the_credential_the_method_and_the_path() {
    let forbidden = || answer("403 Forbidden");
    let scripts = [forbidden(), forbidden(), forbidden(), granting("alice")];
    let server = ScriptedServer::start(scripts).await;
    let authentication = by(&server);
    let requests = [("GET", "/poll/1", "a"), ("GET", "/poll/2", "a"), ("HEAD", "/poll/1", "a")];

    for _ in 0..2 {
        for (method, path, secret) in requests {
            let found =
                find(&authentication, &parts(method, path, &[]), Credential::Bearer(secret)).await;
            assert_eq!(subject(&found), Err(Denied::Forbidden));
        }
    }
    assert_eq!(server.connections(), 3);
    let other = listen(&authentication, "3", "a").await;
    assert_eq!(subject(&other), Ok(Some("alice")));
    let still = listen(&authentication, "1", "a").await;
    assert_eq!(subject(&still), Err(Denied::Forbidden));
}

#[tokio::test]
async fn what_could_not_be_known_is_asked_again() {
    let server =
        ScriptedServer::start([answer("500 No"), answer("200 OK"), granting("alice")]).await;
    let authentication = by(&server);

    for expected in [Err(Denied::Unavailable), Err(Denied::Unavailable), Ok(Some("alice"))] {
        assert_eq!(subject(&listen(&authentication, "42", "a").await), expected);
    }
}

#[tokio::test]
async fn credentials_that_look_alike_are_told_apart() {
    let scripts = ["1", "2", "3", "4", "5"].map(granting);
    let server = ScriptedServer::start(scripts).await;
    let authentication = by(&server);
    let a = parts("GET", "/poll/42", &[("cookie", "a=Bearer x")]);
    let b = parts("GET", "/poll/42", &[("cookie", "b=Bearer x")]);
    let credentials = [
        (&a, Credential::Bearer("x")),
        (&a, Credential::Basic("x")),
        (&a, Credential::Cookie("Bearer x")),
        (&b, Credential::Cookie("Bearer x")),
        (&b, Credential::Bearer("X")),
    ];

    for (expected, (parts, credential)) in ["1", "2", "3", "4", "5"].iter().zip(credentials) {
        let found = find(&authentication, parts, credential).await;
        assert_eq!(subject(&found), Ok(Some(*expected)));
    }
}

#[tokio::test]
async fn an_answer_is_forgotten_after_its_time() {
    let ttl = Duration::from_millis(50);
    let server = ScriptedServer::start([granting("alice"), answer("401 Unauthorized")]).await;
    let authentication = Authentication::new().with_upstream(upstream(&server).with_ttl(ttl));

    assert_eq!(subject(&listen(&authentication, "42", "a").await), Ok(Some("alice")));
    tokio::time::sleep(ttl).await;

    assert_eq!(subject(&listen(&authentication, "42", "a").await), Err(Denied::Unauthorized));
}

#[tokio::test]
async fn a_grant_is_not_remembered_longer_than_it_lasts() {
    let age = Duration::from_millis(50);
    let server = ScriptedServer::start([granting("alice"), answer("401 Unauthorized")]).await;
    let upstream = upstream(&server).with_ttl(Duration::MAX).with_max_age(age);
    let authentication = Authentication::new().with_upstream(upstream);

    assert_eq!(subject(&listen(&authentication, "42", "a").await), Ok(Some("alice")));
    tokio::time::sleep(age).await;

    assert_eq!(subject(&listen(&authentication, "42", "a").await), Err(Denied::Unauthorized));
}

#[tokio::test]
async fn without_a_time_each_request_is_a_question() {
    let scripts = [granting("alice"), answer("401 Unauthorized"), answer("403 Forbidden")];
    let server = ScriptedServer::start(scripts).await;
    let upstream = upstream(&server).with_ttl(Duration::ZERO);
    let authentication = Authentication::new().with_upstream(upstream);

    for expected in [Ok(Some("alice")), Err(Denied::Unauthorized), Err(Denied::Forbidden)] {
        assert_eq!(subject(&listen(&authentication, "42", "a").await), expected);
    }
}

#[tokio::test]
async fn what_is_revoked_is_asked_again_and_nothing_but_that() {
    let scripts = [granting("alice"), granting("bob"), answer("401 Unauthorized")];
    let server = ScriptedServer::start(scripts).await;
    let authentication = by(&server);
    for secret in ["a", "b"] {
        listen(&authentication, "42", secret).await.unwrap();
    }

    authentication.forget(&Revocation::subject("alice"));

    assert_eq!(subject(&listen(&authentication, "42", "b").await), Ok(Some("bob")));
    assert_eq!(subject(&listen(&authentication, "42", "a").await), Err(Denied::Unauthorized));
}

#[tokio::test]
async fn so_many_answers_are_remembered_and_no_more() {
    let server = ScriptedServer::start((0..41).map(|_| granting("alice"))).await;
    let upstream = upstream(&server).with_capacity(NonZeroUsize::new(4).unwrap());
    let authentication = Authentication::new().with_upstream(upstream);

    for _ in 0..2 {
        for secret in 0..20 {
            listen(&authentication, "42", &secret.to_string()).await.unwrap();
        }
    }

    assert!(20 + 20 - 4 <= server.connections(), "{}", server.connections());
}
