use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use sse_access::{Algorithm, Authentication, Endpoint, Jwt, Keys, Refresh, RemoteKeys, SigningKey};
use sse_core::access::Denied;
use sse_testkit::{ScriptedServer, Step};

use crate::asking::{listen, signing_key, subject, token};

/// A script that answers with `keys`.
fn set(fields: &str, keys: &[&SigningKey]) -> Vec<Step> {
    let keys: Vec<_> = keys.iter().map(|key| key.public_jwk()).collect();
    body("200 OK", fields, &json!({ "keys": keys }).to_string())
}

fn body(status: &str, fields: &str, body: &str) -> Vec<Step> {
    let len = body.len();
    let answer = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {len}\r\n\r\n{body}");
    vec![Step::ExpectHead, Step::send(answer), Step::Close]
}

/// Authentication by the keys at `server`, which may be asked for at any time.
fn by(server: &ScriptedServer) -> Authentication {
    with(server, Refresh::default().with_pause(Duration::ZERO))
}

fn with(server: &ScriptedServer, refresh: Refresh) -> Authentication {
    let endpoint = Endpoint::new(&server.url("/jwks?key=s3cret")).unwrap();
    let keys = RemoteKeys::spawn(endpoint, refresh);
    Authentication::new().with_remote_jwt(Jwt::new(Keys::new()), keys)
}

#[tokio::test]
async fn the_first_request_waits_for_the_keys() {
    let key = signing_key("1");
    let mut slow = set("", &[&key]);
    slow.insert(1, Step::Sleep(Duration::from_millis(50)));
    let server = ScriptedServer::start([slow]).await;

    let found = listen(&with(&server, Refresh::default()), "42", &token(&key, "alice", 60)).await;

    assert_eq!(subject(&found), Ok(Some("alice")));
    let asked = &server.requests()[0];
    assert!(asked.head.starts_with("GET /jwks?key=s3cret HTTP/1.1\r\n"), "{}", asked.head);
    assert_eq!(asked.field("accept"), Some("application/jwk-set+json, application/json"));
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_and_one_that_is_gone_is_not_valid() {
    let (old, both, new) = (signing_key("old"), signing_key("both"), signing_key("new"));
    let server = ScriptedServer::start([set("", &[&old, &both]), set("", &[&both, &new])]).await;
    let authentication = by(&server);
    let tokens = [&old, &both, &new].map(|key| token(key, "alice", 60));
    for token in &tokens[..2] {
        assert_eq!(subject(&listen(&authentication, "42", token).await), Ok(Some("alice")));
    }

    assert_eq!(subject(&listen(&authentication, "42", &tokens[2]).await), Ok(Some("alice")));

    assert_eq!(server.connections(), 2);
    assert_eq!(subject(&listen(&authentication, "42", &tokens[1]).await), Ok(Some("alice")));
    // The server refuses from now on, so it cannot be known whether the key is back.
    let found = listen(&authentication, "42", &tokens[0]).await;
    assert_eq!(subject(&found), Err(Denied::Unavailable), "what was known of it is forgotten");
}

#[tokio::test]
async fn an_unknown_key_is_not_asked_for_again_at_once() {
    let (key, other) = (signing_key("1"), signing_key("2"));
    let server = ScriptedServer::start([set("", &[&key]), set("", &[&other])]).await;
    let authentication = with(&server, Refresh::default());

    for _ in 0..3 {
        let found = listen(&authentication, "42", &token(&other, "mallory", 60)).await;
        assert_eq!(subject(&found), Err(Denied::Unauthorized));
    }

    let found = listen(&authentication, "42", &token(&key, "alice", 60)).await;
    assert_eq!(subject(&found), Ok(Some("alice")));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn many_who_wait_for_keys_wait_for_the_same_answer() {
    let key = signing_key("1");
    let mut slow = set("", &[&key]);
    slow.insert(1, Step::Sleep(Duration::from_millis(50)));
    let server = ScriptedServer::start([slow, set("", &[])]).await;
    let authentication = with(&server, Refresh::default());
    let token = token(&key, "alice", 60);

    let found = join_all((0..100).map(|_| listen(&authentication, "42", &token))).await;

    assert!(found.iter().all(|found| subject(found) == Ok(Some("alice"))));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn old_keys_are_valid_while_there_are_no_others() {
    let (key, other) = (signing_key("1"), signing_key("2"));
    let known = set("", &[&other]);
    let Step::Send(answer) = &known[1] else { panic!("it is an answer") };
    let cut_off = Step::send(&answer[..answer.len() - 1]);
    let many = vec![other.public_jwk(); 101];
    for away in [
        vec![Step::Reset],
        vec![Step::ExpectHead, Step::Close],
        vec![Step::ExpectHead, cut_off, Step::Close],
        body("404 Not Found", "", &json!({ "keys": [other.public_jwk()] }).to_string()),
        body("302 Found", "Location: /other\r\n", ""),
        body("200 OK", "", "<html>Sign in</html>"),
        body("200 OK", "", "{}"),
        body("200 OK", "", &json!({ "keys": many }).to_string()),
        body("200 OK", "", &(" ".repeat(1 << 20) + r#"{"keys":[]}"#)),
    ] {
        let server =
            ScriptedServer::start([set("", &[&key]), away.clone(), set("", &[&other])]).await;
        let authentication = by(&server);
        let (first, second) = (token(&key, "alice", 60), token(&key, "bob", 60));
        assert_eq!(subject(&listen(&authentication, "42", &first).await), Ok(Some("alice")));

        let found = listen(&authentication, "42", &token(&other, "mallory", 60)).await;

        assert_eq!(subject(&found), Err(Denied::Unavailable), "{:?}", away.len());
        assert_eq!(server.connections(), 2);
        assert_eq!(subject(&listen(&authentication, "42", &first).await), Ok(Some("alice")));
        assert_eq!(subject(&listen(&authentication, "42", &second).await), Ok(Some("bob")));
    }
}

#[tokio::test]
async fn a_set_without_keys_that_can_be_used_takes_the_old_ones_away() {
    for none in [json!([]), json!([{ "kty": "oct", "k": "c2VjcmV0" }, {}])] {
        let key = signing_key("1");
        let empty = body("200 OK", "", &json!({ "keys": none }).to_string());
        let server = ScriptedServer::start([set("", &[&key]), empty.clone(), empty]).await;
        let authentication = by(&server);
        let token = token(&key, "alice", 60);
        assert_eq!(subject(&listen(&authentication, "42", &token).await), Ok(Some("alice")));

        let unknown = crate::asking::token(&signing_key("2"), "mallory", 60);
        assert_eq!(
            subject(&listen(&authentication, "42", &unknown).await),
            Err(Denied::Unauthorized)
        );

        assert_eq!(
            subject(&listen(&authentication, "42", &token).await),
            Err(Denied::Unauthorized)
        );
    }
}

#[tokio::test]
async fn without_keys_nothing_can_be_checked_and_they_are_asked_for_again() {
    let key = signing_key("1");
    let no = || body("503 No", "", "");
    let server = ScriptedServer::start([no(), no(), no(), set("", &[&key])]).await;
    let at_once = Duration::from_millis(10);
    let refresh = Refresh::default().with_bounds(at_once, at_once);
    let authentication = with(&server, refresh);
    let token = token(&key, "alice", 60);

    assert_eq!(subject(&listen(&authentication, "42", &token).await), Err(Denied::Unavailable));
    server.until_requests(4).await;

    let found = until_found(&authentication, &token).await;
    assert_eq!(found.as_deref(), Some("alice"));
}

/// Who has signed `token`, once its key is known.
async fn until_found(authentication: &Authentication, token: &str) -> Option<String> {
    for _ in 0..1000 {
        if let Ok(grant) = listen(authentication, "42", token).await {
            return grant?.subject().map(str::to_owned);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    None
}

#[tokio::test]
async fn keys_are_asked_for_again_when_they_are_not_fresh_any_more() {
    let (old, new) = (signing_key("old"), signing_key("new"));
    let stale = "Cache-Control: max-age=0\r\n";
    let sets = [set(stale, &[&old]), set(stale, &[&old]), set("", &[&new])];
    let server = ScriptedServer::start(sets).await;
    let at_once = Duration::from_millis(10);
    let refresh = Refresh::default().with_bounds(at_once, Duration::from_secs(3600));
    let authentication = with(&server, refresh);
    let (old, new) = (token(&old, "old", 60), token(&new, "new", 60));

    assert_eq!(subject(&listen(&authentication, "42", &old).await), Ok(Some("old")));
    server.until_requests(3).await;

    assert_eq!(until_found(&authentication, &new).await.as_deref(), Some("new"));
    assert_eq!(subject(&listen(&authentication, "42", &old).await), Err(Denied::Unauthorized));
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn keys_of_ones_own_are_valid_beside_those_from_elsewhere() {
    let (own, remote) = (signing_key("own"), signing_key("remote"));
    let server = ScriptedServer::start([set("", &[&remote])]).await;
    let endpoint = Endpoint::new(&server.url("/")).unwrap();
    let keys = RemoteKeys::spawn(endpoint, Refresh::default());
    let jwt = Jwt::new(Keys::new().with_key(own.verifying_key()));
    let authentication = Authentication::new().with_remote_jwt(jwt, keys);

    for key in [&own, &remote, &own] {
        let found = listen(&authentication, "42", &token(key, "alice", 60)).await;
        assert_eq!(subject(&found), Ok(Some("alice")));
    }
}

#[tokio::test]
async fn a_token_that_names_no_key_waits_for_the_first_keys_too() {
    let [own, remote] = [(); 2].map(|()| SigningKey::generate(Algorithm::EdDsa).unwrap());
    let server = ScriptedServer::start([set("", &[&remote])]).await;
    let keys = RemoteKeys::spawn(Endpoint::new(&server.url("/")).unwrap(), Refresh::default());
    let jwt = Jwt::new(Keys::new().with_key(own.verifying_key()));
    let authentication = Authentication::new().with_remote_jwt(jwt, keys);

    let found = listen(&authentication, "42", &token(&remote, "alice", 60)).await;

    assert_eq!(subject(&found), Ok(Some("alice")));
}

#[tokio::test]
async fn nobody_asks_for_the_keys_of_what_is_dropped() {
    let server = ScriptedServer::start([vec![Step::ExpectHead, Step::Hold]]).await;
    let authentication = by(&server);
    server.until_requests(1).await;

    drop(authentication);

    server.until_departures(1).await;
}
