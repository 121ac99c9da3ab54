use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use http::{HeaderValue, Response, StatusCode, header, request::Parts};
use http_body_util::Full;
use sse_access::Authentication;
use sse_core::{
    Token,
    access::{AccessRequest, Authenticator, Credential, Denied, Operation},
    gateway::{Hosts, refuse_foreign},
};

use super::{
    answer::{self, Body, boxed},
    asker::Asker,
};

/// Who may ask at the operator's address. A clone is the same door.
#[derive(Clone, Debug)]
pub(super) struct Door(Arc<RwLock<Arc<Rules>>>);

#[derive(Debug)]
struct Rules {
    hosts: Option<Hosts>,
    /// Without it, everybody who reaches the address.
    authentication: Option<Authentication>,
}

impl Door {
    pub(super) fn new(hosts: Option<Hosts>, authentication: Option<Authentication>) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(Rules { hosts, authentication }))))
    }

    /// Replaces both for the requests that come from now on.
    pub(super) fn replace(&self, hosts: Option<Hosts>, authentication: Option<Authentication>) {
        let rules = Arc::new(Rules { hosts, authentication });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    fn rules(&self) -> Arc<Rules> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets a request in, or answers it.
    pub(super) async fn admit(&self, parts: &Parts) -> Result<Asker, Box<Response<Body>>> {
        let rules = self.rules();
        if let Some(refused) = refuse_foreign(parts, rules.hosts.as_ref()) {
            return Err(Box::new(refused.map(|body| boxed(Full::new(body)))));
        }
        let Some(authentication) = &rules.authentication else {
            return Ok(Asker::new(None, parts));
        };
        let token = Token::new(TOKEN).expect("it is a token");
        let credential = basic(parts).map(Credential::Basic);
        let has_credential = credential.is_some();
        let request = AccessRequest::new(parts, &token, &Operation::Listen, credential);
        let denied = match authentication.authenticate(&request).await {
            Ok(Some(grant)) if !grant.has_ended(Instant::now()) => {
                return Ok(Asker::new(grant.subject(), parts));
            }
            Ok(_) => Denied::Unauthorized,
            Err(denied) => denied,
        };
        Err(Box::new(refusal(&denied, has_credential)))
    }
}

/// What follows `Authorization: Basic`, if that is there once.
fn basic(parts: &Parts) -> Option<&str> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then(|| rest.trim_matches(' '))
}

fn refusal(denied: &Denied, has_credential: bool) -> Response<Body> {
    match denied {
        Denied::TooManyFailures { retry_after } => {
            let text = "too many attempts have failed";
            let mut response = answer::text(StatusCode::TOO_MANY_REQUESTS, text);
            let seconds = retry_after.max(&Duration::from_secs(1)).as_secs_f64().ceil() as u64;
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            response
        }
        Denied::Unavailable => {
            answer::text(StatusCode::SERVICE_UNAVAILABLE, "credentials cannot be checked now")
        }
        _ => {
            let text =
                if has_credential { "credentials are not valid" } else { "credentials are needed" };
            let mut response = answer::text(StatusCode::UNAUTHORIZED, text);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
            response
        }
    }
}

/// An authenticator is asked about a channel. This address has none, so it is asked about this name.
const TOKEN: &str = "admin";

const CHALLENGE: HeaderValue =
    HeaderValue::from_static(r#"Basic realm="eventsource-server", charset="UTF-8""#);

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, sync::Arc};

    use http::Request;
    use http_body_util::BodyExt;
    use sse_access::{Passwords, limits::Limits, password_line};
    use sse_core::access::Permissions;
    use sse_hyper::RemoteAddr;
    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test]
    async fn an_address_that_has_failed_too_often_has_to_wait_and_no_other_one() {
        let door = door(Limits::new().with_max_auth_failures(1));
        let (wrong, right) = ("Basic YWxpY2U6Y2xvc2Vk", RIGHT);

        let first = admit(&door, [192, 0, 2, 1], wrong).await.unwrap_err();
        let second = admit(&door, [192, 0, 2, 1], right).await.unwrap_err();
        let other = admit(&door, [192, 0, 2, 2], right).await;

        assert_eq!(first.status(), 401);
        assert_eq!(second.status(), 429);
        let wait: u64 = second.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        let body = second.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(&*body, b"too many attempts have failed\n");
        assert!(other.is_ok());
    }

    #[tokio::test]
    async fn more_passwords_than_can_be_checked_at_once_are_503() {
        let door = Arc::new(door(Limits::new().with_max_auth_failures(0)));
        let mut answers = JoinSet::new();
        for n in 0..200_u8 {
            let door = door.clone();
            answers.spawn(async move {
                let wrong = ["Basic YWxpY2U6MA==", "Basic YWxpY2U6MQ=="][usize::from(n % 2)];
                admit(&door, [192, 0, 2, n], wrong).await.unwrap_err()
            });
        }

        let mut full = None;
        while let Some(answer) = answers.join_next().await {
            let answer = answer.unwrap();
            if answer.status() == 503 {
                full = Some(answer);
                break;
            }
            assert_eq!(answer.status(), 401);
        }

        let body = full.expect("not all can wait").into_body().collect().await.unwrap();
        assert_eq!(&*body.to_bytes(), b"credentials cannot be checked now\n");
    }

    fn door(limits: Limits) -> Door {
        let line = password_line("alice", "open sesame", Some(&Permissions::none())).unwrap();
        let passwords = Passwords::parse(&line).unwrap();
        let authentication = Authentication::new().with_passwords(passwords);
        Door::new(None, Some(authentication.with_limits(Arc::new(limits))))
    }

    async fn admit(
        door: &Door,
        from: [u8; 4],
        authorization: &str,
    ) -> Result<Asker, Box<Response<Body>>> {
        let request = Request::get("/metrics").header("host", "localhost");
        let request = request.header("authorization", authorization);
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(RemoteAddr::from((Ipv4Addr::from(from), 1)));
        door.admit(&parts).await
    }

    /// Of alice.
    const RIGHT: &str = "Basic YWxpY2U6b3BlbiBzZXNhbWU=";
}
