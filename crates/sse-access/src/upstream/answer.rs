use std::time::{Duration, Instant};

use http::{StatusCode, response::Parts};
use sse_core::access::Denied;

use crate::{cache::KnownVerdict, claims::Claims, clock::Clock, fetch::FetchError};

/// The verdict in the answer `head`.
pub(super) fn read(
    head: &Parts,
    max_age: Option<Duration>,
    now: Instant,
) -> Result<KnownVerdict, Failure> {
    match head.status {
        StatusCode::UNAUTHORIZED => return Ok(Err(Denied::Unauthorized)),
        StatusCode::FORBIDDEN => return Ok(Err(Denied::Forbidden)),
        status if !status.is_success() => return Err(Failure::Status(status)),
        _ => (),
    }
    let mut grants = head.headers.get_all("sse-grant").iter();
    let grant = grants.next().ok_or(Failure::NoGrant)?;
    if grants.next().is_some() {
        return Err(Failure::SeveralGrants);
    }
    if GRANT_MAX < grant.len() {
        return Err(Failure::LongGrant { len: grant.len() });
    }
    let bad = |error: serde_json::Error| Failure::BadGrant { column: error.column() };
    let claims = Claims::parse(grant.as_bytes()).map_err(bad)?;
    let clock = Clock::at(now);
    let has_ended = claims.expiry().is_some_and(|expiry| expiry <= clock.unix());
    let begins = claims.not_before().unwrap_or_default();
    if has_ended || clock.unix() + LEEWAY < begins {
        return Ok(Err(Denied::Unauthorized));
    }
    let grant = claims.grant(Duration::ZERO, clock);
    let ends = [grant.end(), max_age.and_then(|age| now.checked_add(age))];
    Ok(Ok(match ends.into_iter().flatten().min() {
        Some(end) => grant.with_end(end),
        None => grant,
    }))
}

/// Why there is no verdict.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Fetch(FetchError),
    #[error("the answer is {0}")]
    Status(StatusCode),
    #[error("the answer has no `Sse-Grant`")]
    NoGrant,
    #[error("the answer has more than one `Sse-Grant`")]
    SeveralGrants,
    #[error("the `Sse-Grant` of the answer has {len} bytes, and at most {GRANT_MAX} are read")]
    LongGrant { len: usize },
    #[error("the `Sse-Grant` of the answer is no JSON object of claims: see byte {column}")]
    BadGrant { column: usize },
    #[error("{max} questions are under way, and there may be no more in all, or of one address")]
    Full { max: usize },
}

impl Failure {
    /// Whether the server is at fault, whatever it was asked.
    pub(super) fn is_of_server(&self) -> bool {
        match self {
            Self::Fetch(_) => true,
            Self::Status(status) => status.is_server_error(),
            _ => false,
        }
    }
}

/// As long as a token may be.
const GRANT_MAX: usize = 8192;

/// How far the clock of the other server may be ahead.
const LEEWAY: Duration = Duration::from_secs(60);
