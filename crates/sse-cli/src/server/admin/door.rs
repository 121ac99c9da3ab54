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

    /// Lets in whom these let in, from the next request on.
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
