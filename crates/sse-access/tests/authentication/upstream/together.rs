use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::future::{Either, join_all, select};
use sse_access::{Authentication, Endpoint, Upstream, limits::Limits};
use sse_core::{
    Token,
    access::{AccessRequest, Authenticator, Credential, Denied, Operation},
    gateway::RemoteAddr,
};
use sse_testkit::{ScriptedServer, Step};
use tokio::{net::TcpListener, time::timeout};

use crate::asking::{answer, by, find, granting, listen, parts, subject};

/// `script` with a wait before the answer, in which others come.
fn slowly(mut script: Vec<Step>) -> Vec<Step> {
    script.insert(1, Step::Sleep(Duration::from_millis(50)));
    script
}

#[tokio::test]
async fn one_credential_many_times_at_once_is_one_question() {
    for (script, expected) in [
        (granting("alice"), Ok(Some("alice"))),
        (answer("401 Unauthorized"), Err(Denied::Unauthorized)),
        (answer("500 No"), Err(Denied::Unavailable)),
    ] {
        let server = ScriptedServer::start([slowly(script), granting("mallory")]).await;
        let authentication = by(&server);

        let tokens: Vec<_> = (0..100).map(|token| token.to_string()).collect();
        let found = join_all(tokens.iter().map(|token| listen(&authentication, token, "a"))).await;

        assert!(found.iter().all(|found| subject(found) == expected));
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn a_403_that_others_wait_for_is_not_theirs_if_they_want_something_else() {
    let scripts = [answer("403 Forbidden"), granting("alice"), granting("alice")].map(slowly);
    let server = ScriptedServer::start(scripts).await;
    let authentication = by(&server);

    let tokens = ["1", "1", "2", "2", "3", "1"];
    let found = join_all(tokens.map(|token| listen(&authentication, token, "a"))).await;

    for (found, token) in found.iter().zip(tokens) {
        let expected = if token == "1" { Err(Denied::Forbidden) } else { Ok(Some("alice")) };
        assert_eq!(subject(found), expected, "{token}");
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn one_who_leaves_takes_the_question_along_from_nobody() {
    let server = ScriptedServer::start([slowly(granting("alice")), granting("mallory")]).await;
    let authentication = Arc::new(by(&server));
    let first = tokio::spawn({
        let authentication = authentication.clone();
        async move { listen(&authentication, "42", "a").await.map(drop) }
    });
    server.until_requests(1).await;
    let second = listen(&authentication, "42", "a");

    first.abort();

    assert_eq!(subject(&second.await), Ok(Some("alice")));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn beyond_256_questions_none_is_put() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new(&format!("http://{}/", silent.local_addr().unwrap())).unwrap();
    let authentication = Authentication::new().with_upstream(Upstream::new(endpoint));
    let secrets: Vec<_> = (0..256).map(|secret| secret.to_string()).collect();
    let waiting = join_all(secrets.iter().map(|secret| listen(&authentication, "42", secret)));

    // The first of two is polled first: all of these have asked before the last one does.
    let Either::Right((found, _)) =
        select(waiting, pin!(listen(&authentication, "42", "256"))).await
    else {
        panic!("something is found though nobody answers");
    };

    assert_eq!(subject(&found), Err(Denied::Unavailable));
}

#[tokio::test]
async fn one_who_begins_before_an_answer_and_asks_after_it_has_that_answer() {
    let server = ScriptedServer::start([granting("alice"), granting("mallory")]).await;
    let authentication = by(&server);
    let parts = parts("GET", "/poll/42", &[]);
    let (token, operation) = (Token::new("42").unwrap(), Operation::Listen);
    let credential = Some(Credential::Bearer("a"));
    let request = AccessRequest::new(&parts, &token, &operation, credential);
    let verdicts = [(); 2].map(|()| authentication.authenticate(&request));

    for verdict in verdicts {
        assert_eq!(subject(&verdict.await), Ok(Some("alice")));
    }
    assert_eq!(server.connections(), 1);
}

/// Where answers are slow, what fails is known too late for the limit on failures.
#[tokio::test]
async fn one_address_leaves_room_for_the_questions_of_others() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("there are free ports");
    let url = format!("http://{}/", silent.local_addr().expect("it has an address"));
    let upstream = Upstream::new(Endpoint::new(&url).expect("it is an address"));
    let limits = Arc::new(Limits::new().with_max_auth_failures(0));
    let authentication = Authentication::new().with_upstream(upstream).with_limits(limits);
    let ask = |address: [u8; 4], secret: String| {
        let mut parts = parts("GET", "/poll/42", &[]);
        parts.extensions.insert(RemoteAddr::from((address, 40_000)));
        let authentication = &authentication;
        async move { find(authentication, &parts, Credential::Bearer(&secret)).await }
    };
    let mut waiting: Vec<_> =
        (0..64).map(|number| Box::pin(ask([192, 0, 2, 1], number.to_string()))).collect();
    for question in &mut waiting {
        assert!(timeout(Duration::ZERO, question).await.is_err());
    }

    let one_more = timeout(Duration::ZERO, ask([192, 0, 2, 1], "64".to_owned())).await;
    assert_eq!(one_more, Ok(Err(Denied::Unavailable)));
    // Whoever presents what is asked about already waits for that, others ask, and loopback has no limits.
    for (address, secret) in [([192, 0, 2, 1], "0"), ([192, 0, 2, 2], "64"), ([192, 0, 2, 3], "65")]
    {
        let waits = timeout(Duration::from_millis(50), ask(address, secret.to_owned())).await;
        assert!(waits.is_err(), "{address:?} {secret}");
    }
    let mut of_this_machine: Vec<_> =
        (100..180).map(|number| Box::pin(ask([127, 0, 0, 1], number.to_string()))).collect();
    for question in &mut of_this_machine {
        assert!(timeout(Duration::ZERO, question).await.is_err());
    }
}
