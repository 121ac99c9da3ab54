use std::time::{Duration, Instant};

use http::HeaderValue;
use sse_access::{Authentication, Jwt, Keys, Passwords, TicketKey};
use sse_core::{
    Token,
    access::{
        AccessRequest, Authenticator, Credential, Denied, Grant, Operation, Outcome, Permissions,
        Revocation,
    },
};
use sse_testkit::ScriptedServer;

use crate::asking::{find, granting, parts, signing_key, subject, token, upstream};

/// The password is `password`.
const ALICE: &str =
    "alice:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

const BASIC: &str = "YWxpY2U6cGFzc3dvcmQ=";

fn tickets() -> TicketKey {
    TicketKey::new(&[7; 32]).unwrap()
}

/// What is found at once.
fn find_now(
    authentication: &Authentication,
    credential: Option<Credential<'_>>,
) -> Option<Outcome> {
    let parts = parts("GET", "/poll/42", &[]);
    let (token, operation) = (Token::new("42").unwrap(), Operation::Listen);
    let request = AccessRequest::new(&parts, &token, &operation, credential);
    authentication.authenticate(&request).into_ready().ok()
}

#[tokio::test]
async fn each_credential_is_checked_by_what_is_there_for_it() {
    let key = signing_key("1");
    let token = token(&key, "token", 60);
    let ticket = tickets()
        .issue(
            &Grant::new(Permissions::all()).with_subject("ticket"),
            &Token::new("42").unwrap(),
            Duration::from_secs(60),
            Instant::now(),
        )
        .unwrap();
    let digest = HeaderValue::from_static("Digest x");
    let jwt =
        |with: Authentication| with.with_jwt(Jwt::new(Keys::new().with_key(key.verifying_key())));
    let passwords = |with: Authentication| with.with_passwords(Passwords::parse(ALICE).unwrap());
    let tickets = |with: Authentication| with.with_tickets(tickets(), Duration::from_secs(60));
    let server = ScriptedServer::start((0..20).map(|_| granting("upstream"))).await;
    let upstream = |with: Authentication| with.with_upstream(upstream(&server));

    let (all, nothing) =
        (upstream(tickets(passwords(jwt(Authentication::new())))), Authentication::new());
    let own = tickets(passwords(jwt(Authentication::new())));
    let asking = upstream(Authentication::new());
    let cookie = parts("GET", "/poll/42", &[("cookie", &format!("session={token}"))]);
    let refused = Err(Denied::Unauthorized);
    for (credential, expected) in [
        (Credential::Bearer(&token), [Ok("token"), Ok("token"), Ok("upstream")]),
        (Credential::Cookie(&token), [Ok("token"), Ok("token"), Ok("upstream")]),
        (Credential::Basic(BASIC), [Ok("alice"), Ok("alice"), Ok("upstream")]),
        (Credential::Other(&digest), [Ok("upstream"), refused, Ok("upstream")]),
        (Credential::Ticket(ticket.as_str().into()), [Ok("ticket"), Ok("ticket"), refused]),
        (Credential::Bearer("made up"), [refused, refused, Ok("upstream")]),
        (Credential::Basic("YTpi"), [refused, refused, Ok("upstream")]),
        (Credential::Ticket("made up".into()), [refused, refused, refused]),
    ] {
        for (authentication, expected) in [&all, &own, &asking].into_iter().zip(expected) {
            let found = find(authentication, &cookie, credential.clone()).await;
            assert_eq!(subject(&found), expected.map(Some), "{credential:?}");
        }
        let found = find(&nothing, &cookie, credential.clone()).await;
        assert_eq!(subject(&found), Err(Denied::Unauthorized), "{credential:?}");
    }
    for authentication in [&all, &own, &asking, &nothing] {
        assert_eq!(find_now(authentication, None), Some(Ok(None)));
    }
    assert_eq!(
        [&all, &own, &asking, &nothing].map(|one| one.takes_passwords()),
        [true, true, false, false]
    );
}

#[tokio::test]
async fn all_but_a_hash_and_a_question_is_found_at_once() {
    let key = signing_key("1");
    let valid = token(&key, "alice", 60);
    let server = ScriptedServer::start([granting("upstream")]).await;
    let authentication = Authentication::new()
        .with_jwt(Jwt::new(Keys::new().with_key(key.verifying_key())))
        .with_passwords(Passwords::parse(ALICE).unwrap())
        .with_tickets(tickets(), Duration::from_secs(60))
        .with_upstream(upstream(&server));
    let digest = HeaderValue::from_static("Digest x");
    let later = [Credential::Basic(BASIC), Credential::Other(&digest)];

    for credential in [
        Credential::Bearer(&valid),
        Credential::Bearer(&valid),
        Credential::Bearer("made up"),
        Credential::Ticket("made up".into()),
        Credential::Basic("no colon"),
    ] {
        assert!(find_now(&authentication, Some(credential.clone())).is_some(), "{credential:?}");
    }
    for credential in later {
        assert!(find_now(&authentication, Some(credential.clone())).is_none(), "{credential:?}");
        find(&authentication, &parts("GET", "/poll/42", &[]), credential.clone()).await.unwrap();
        assert!(find_now(&authentication, Some(credential.clone())).is_some(), "{credential:?}");
    }
}

#[tokio::test]
async fn tickets_are_for_one_channel_and_of_their_holder() {
    let authentication = Authentication::new().with_tickets(tickets(), Duration::from_secs(60));
    let (news, now) = (Token::new("news").unwrap(), Instant::now());
    let grant = Grant::new(Permissions::all()).with_subject("alice").with_id("7");

    let ticket = authentication.issue_ticket(&grant, &news, now).unwrap();

    let found = find_now(&authentication, Some(Credential::Ticket(ticket.as_str().into())));
    let found = found.unwrap().unwrap().unwrap();
    assert_eq!((found.subject(), found.id()), (Some("alice"), Some("7")));
    assert!(found.permissions().may_listen(&news));
    assert!(!found.permissions().may_listen(&Token::new("other").unwrap()));
    assert!(found.end().unwrap() <= now + Duration::from_secs(61));
    let none = Authentication::new().issue_ticket(&grant, &news, now);
    assert_eq!(none, None, "there are no tickets");
}

#[tokio::test]
async fn a_token_that_has_ended_is_not_valid_though_it_was_before() {
    let key = signing_key("1");
    let jwt = Jwt::new(Keys::new().with_key(key.verifying_key())).with_leeway(Duration::ZERO);
    let authentication = Authentication::new().with_jwt(jwt);
    // On a slow machine the first may have ended before it is looked at.
    let (token, end) = loop {
        let token = token(&key, "alice", 2);
        if let Some(Ok(Some(grant))) = find_now(&authentication, Some(Credential::Bearer(&token))) {
            break (token, grant.end().unwrap());
        }
    };

    tokio::time::sleep_until(end.into()).await;

    let found = find_now(&authentication, Some(Credential::Bearer(&token)));
    assert_eq!(found, Some(Err(Denied::Unauthorized)));
}

#[tokio::test]
async fn what_is_revoked_is_checked_again() {
    let key = signing_key("1");
    let authentication = Authentication::new()
        .with_jwt(Jwt::new(Keys::new().with_key(key.verifying_key())))
        .with_passwords(Passwords::parse(ALICE).unwrap());
    let parts = parts("GET", "/poll/42", &[]);
    find(&authentication, &parts, Credential::Basic(BASIC)).await.unwrap();
    assert!(find_now(&authentication, Some(Credential::Basic(BASIC))).is_some());

    authentication.forget(&Revocation::subject("alice"));

    assert!(find_now(&authentication, Some(Credential::Basic(BASIC))).is_none());
}
