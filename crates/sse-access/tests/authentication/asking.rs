use std::time::{SystemTime, UNIX_EPOCH};

use http::{Request, request::Parts};
use serde_json::json;
use sse_access::{Algorithm, Authentication, Endpoint, SigningKey, Upstream};
use sse_core::{
    Token,
    access::{AccessRequest, Authenticator, Credential, Denied, Operation, Outcome},
};
use sse_testkit::{ScriptedServer, Step};

/// The head of a request for `target`.
pub(crate) fn parts(method: &str, target: &str, fields: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(target);
    for &(name, value) in fields {
        request = request.header(name, value);
    }
    request.body(()).expect("it is a request").into_parts().0
}

/// What is found for a request with `parts` that presents `credential`.
pub(crate) async fn find(
    authentication: &Authentication,
    parts: &Parts,
    credential: Credential<'_>,
) -> Outcome {
    let (_, token) = parts.uri.path().rsplit_once('/').expect("a path begins with a slash");
    let token = Token::new(token).expect("it is a token");
    let operation = Operation::Listen;
    let request = AccessRequest::new(parts, &token, &operation, Some(credential));
    authentication.authenticate(&request).await
}

/// What is found for somebody who wants to listen on `token` and presents `secret`.
pub(crate) async fn listen(authentication: &Authentication, token: &str, secret: &str) -> Outcome {
    let parts = parts("GET", &format!("/poll/{token}"), &[]);
    find(authentication, &parts, Credential::Bearer(secret)).await
}

/// Authentication by a server at `server`.
pub(crate) fn by(server: &ScriptedServer) -> Authentication {
    Authentication::new().with_upstream(upstream(server))
}

pub(crate) fn upstream(server: &ScriptedServer) -> Upstream {
    Upstream::new(Endpoint::new(&server.url("/check")).expect("it is an address"))
}

/// A script that answers one question.
pub(crate) fn answer(head: &str) -> Vec<Step> {
    let answer = format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n");
    vec![Step::ExpectHead, Step::send(answer), Step::Close]
}

/// The answer that grants `subject` to listen on everything.
pub(crate) fn granting(subject: &str) -> Vec<Step> {
    answer(&format!(
        "200 OK\r\nSse-Grant: {{\"sub\":\"{subject}\",\"sse\":{{\"listen\":[\"*\"]}}}}"
    ))
}

/// Who has been found, where somebody has.
pub(crate) fn subject(outcome: &Outcome) -> Result<Option<&str>, Denied> {
    match outcome {
        Ok(grant) => Ok(grant.as_ref().and_then(|grant| grant.subject())),
        Err(denied) => Err(*denied),
    }
}

/// A key that signs tokens, called `id`.
pub(crate) fn signing_key(id: &str) -> SigningKey {
    SigningKey::generate(Algorithm::EdDsa).expect("there are random numbers").with_id(id)
}

/// A token of `subject` that `key` has signed, and that ends in `seconds`.
pub(crate) fn token(key: &SigningKey, subject: &str, seconds: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    let end = i64::try_from(now.as_secs()).expect("it is not that late") + seconds;
    key.sign(&json!({ "sub": subject, "exp": end, "sse": { "listen": ["*"] } }))
}
