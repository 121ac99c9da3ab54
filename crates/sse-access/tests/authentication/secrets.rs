use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderValue;
use sse_access::{
    Algorithm, Authentication, Endpoint, Jwt, Key, Keys, Passwords, Refresh, RemoteKeys, TicketKey,
    Upstream, limits::Limits,
};
use sse_core::{
    Token,
    access::{Authenticator, Credential, Denied, Grant, Permissions},
};
use sse_testkit::{Log, ScriptedServer, Step};
use tracing::Level;

use crate::asking::{answer, find, granting, parts, signing_key, token};

/// Everything that an upstream server may do wrong, and what it may say.
fn answers() -> Vec<Vec<Step>> {
    let grant = "200 OK\r\nSse-Grant: {\"sub\":\"gr4nt\"}";
    vec![
        granting("alice"),
        answer("401 No"),
        answer("403 No"),
        answer("302 Found\r\nLocation: /?key=l0cation"),
        answer("500 No"),
        answer("200 OK"),
        answer(&format!("{grant}\r\nSse-Grant: {{}}")),
        answer("200 OK\r\nSse-Grant: {\"exp\":\"gr4nt\"}"),
        answer(&format!("200 OK\r\nSse-Grant: {}", "gr4nt".repeat(5000))),
        vec![Step::ExpectHead, Step::Reset],
        vec![Step::ExpectHead, Step::send("gr4nt gr4nt gr4nt\r\n\r\n"), Step::Close],
        vec![Step::ExpectHead, Step::Hold],
    ]
}

#[tokio::test]
async fn no_secret_is_logged_or_shown() {
    let (log, _guard) = Log::start(Level::TRACE);
    let count = answers().len();
    let server = ScriptedServer::start(answers()).await;
    let jwks = ScriptedServer::start([answer("500 No")]).await;
    let timeout = Duration::from_secs(1);
    let endpoint = |server: &ScriptedServer| {
        Endpoint::new(&server.url("/?key=qu3ry")).unwrap().with_timeout(timeout)
    };
    let key = signing_key("1");
    let hmac = Key::from_secret(&[Algorithm::Hs256], b"h5256-secret-h5256-secret-h5256-").unwrap();
    let tickets = TicketKey::new(b"t1cket-key-t1cket-key-t1cket-key-").unwrap();
    let asking = Authentication::new()
        .with_upstream(Upstream::new(endpoint(&server)).with_ttl(Duration::ZERO))
        .with_limits(Arc::new(Limits::new()));
    let own = Authentication::new()
        .with_remote_jwt(
            Jwt::new(Keys::new().with_key(hmac).with_key(key.verifying_key())),
            RemoteKeys::spawn(endpoint(&jwks), Refresh::default()),
        )
        .with_passwords(Passwords::parse(ALICE).unwrap())
        .with_tickets(tickets.clone(), Duration::from_secs(60));

    let grant = Grant::new(Permissions::all()).with_subject("bob");
    let now = Instant::now();
    let ticket = tickets.issue(&grant, &Token::new("42").unwrap(), timeout, now).unwrap();
    let tokens = [
        token(&key, "alice", 60),
        token(&key, "alice", -3600),
        token(&signing_key("1"), "alice", 60),
        token(&signing_key("2"), "alice", 60),
        "b3arer".to_owned(),
        "b3arer.b3arer.b3arer".to_owned(),
        "b3arer".repeat(2000),
    ];
    let cookies = "session=c00kie; other=c00kie2";
    let parts = parts("GET", "/poll/42?ticket=t1cket", &[("cookie", cookies)]);
    let other = HeaderValue::from_static("Digest d1gest");
    let basic = ["YWxpY2U6cGFzc3dvcmQ=", "YWxpY2U6czNjcmV0", "czNjcmV0", "%s3cret"];
    let credentials = || {
        let bearer = tokens.iter().map(|token| Credential::Bearer(token));
        let basic = basic.iter().map(|pair| Credential::Basic(pair));
        let tickets = [ticket.as_str(), "t1cket", &ticket.as_str()[1..]];
        let tickets = tickets.map(|ticket| Credential::Ticket(ticket.to_owned().into()));
        let others = [Credential::Cookie("c00kie"), Credential::Other(&other)];
        bearer.chain(basic).chain(tickets).chain(others)
    };
    for credential in credentials() {
        let _found = find(&own, &parts, credential.clone()).await;
    }
    let mut found = Vec::new();
    for credential in credentials().cycle().take(4 * count) {
        found.push(find(&asking, &parts, credential).await);
    }
    assert!(found.contains(&Err(Denied::Unavailable)));
    let _ticket = own.issue_ticket(&grant, &Token::new("42").unwrap(), now);

    let shown =
        format!("{own:?} {asking:?} {:?} {:#?} {}", endpoint(&server), own, endpoint(&jwks));
    let text = log.text() + &shown;
    for said in ["credentials cannot be checked", "no `Sse-Grant`", "a token is refused"] {
        assert!(text.contains(said), "{said:?} is missing in {text}");
    }
    let secrets = ["b3arer", "c00kie", "t1cket", "d1gest", "s3cret", "qu3ry", "gr4nt", "l0cation"];
    let own =
        ["h5256", "argon2id", "cGFzc3dvcmQ", "YWxpY2U6", ticket.as_str(), &ticket.as_str()[1..]];
    let parts = tokens[..4].iter().flat_map(|token| token.split('.'));
    for secret in secrets.into_iter().chain(own).chain(parts) {
        let at = text.find(secret);
        assert_eq!(at, None, "{secret} in {}", &text[at.unwrap_or(0).saturating_sub(200)..]);
    }
}

/// The password is `password`.
const ALICE: &str =
    "alice:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
