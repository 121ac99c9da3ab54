//! Who sends a request, in all the ways of this crate.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sse_core::{
    Token,
    access::{
        AccessRequest, Authenticator, Credential, Denied, Grant, Revocation, Ticket, Verdict,
    },
};
use tracing::debug;

use crate::{TicketKey, limits::Limits};

#[cfg(feature = "jwt")]
use crate::Jwt;
#[cfg(feature = "password")]
use crate::Passwords;
#[cfg(all(feature = "http", feature = "jwt"))]
use crate::RemoteKeys;
#[cfg(feature = "http")]
use crate::{Upstream, upstream::Question};

mod attempt;
use attempt::Attempt;

#[cfg(any(feature = "jwt", feature = "password"))]
mod ended;
#[cfg(feature = "password")]
use ended::Ended;

#[cfg(any(feature = "password", all(feature = "http", feature = "jwt")))]
mod follow;

#[cfg(feature = "jwt")]
mod tokens;
#[cfg(feature = "jwt")]
use tokens::Tokens;

#[cfg(all(feature = "http", feature = "jwt"))]
mod remote;

/// Finds out who sends a request, in the ways that it is given.
///
/// | credential | checked by |
/// |---|---|
/// | `Authorization: Bearer`, a cookie | `with_jwt`, `with_remote_jwt`; without them `with_upstream` |
/// | `Authorization: Basic` | `with_passwords`; without them `with_upstream` |
/// | `Authorization` of another scheme | `with_upstream` |
/// | a ticket in the query | `with_tickets` |
/// | none | nothing: the sender is anonymous |
///
/// A credential that nothing checks is not valid. The grant of a valid one is remembered, so that it costs little to
/// present it again: that of a token until it ends, that of a password as long as the process lives, that of an
/// upstream server for a while.
///
/// With [`Self::with_limits`] an address with too many failed attempts has to wait. Credentials that are made up or
/// damaged count as failures: a token or a ticket with a wrong signature, a wrong password, a credential that the
/// upstream server does not know. A token or a ticket that was valid once does not count, so that nobody is
/// locked out because it has ended. Credentials that are remembered, and valid tickets, are accepted in any
/// case.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use sse_access::{Algorithm, Authentication, Jwt, Key, Keys, TicketKey, limits::Limits};
/// use sse_core::{GatewayConfig, access::Access};
///
/// let secret = b"thirty-two bytes that nobody knows";
/// let keys = Keys::new().with_key(Key::from_secret(&[Algorithm::Hs256], secret)?);
/// let limits = Arc::new(Limits::new());
/// let authentication = Authentication::new()
///     .with_jwt(Jwt::new(keys))
///     .with_tickets(TicketKey::random()?, Duration::from_secs(3600))
///     .with_limits(limits.clone());
/// let config =
///     GatewayConfig::default().with_access(Access::new(authentication)).with_limiter(limits);
/// # drop(config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Authentication {
    #[cfg(feature = "jwt")]
    tokens: Option<Tokens>,
    #[cfg(feature = "password")]
    passwords: Option<Passwords>,
    #[cfg(feature = "http")]
    upstream: Option<Arc<Upstream>>,
    tickets: Option<(TicketKey, Duration)>,
    limits: Option<Arc<Limits>>,
}

impl Authentication {
    /// Accepts no credentials.
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts tokens that `jwt` verifies, as bearer tokens and in the cookie.
    #[cfg(feature = "jwt")]
    #[must_use]
    pub fn with_jwt(mut self, jwt: Jwt) -> Self {
        self.tokens = Some(Tokens::new(jwt));
        self
    }

    /// Accepts tokens that `jwt` verifies, with its own keys and with `keys`. It replaces [`Self::with_jwt`].
    ///
    /// An `Arc` of the keys may be given too, to use them in the next authentication when this one is replaced.
    #[cfg(all(feature = "http", feature = "jwt"))]
    #[must_use]
    pub fn with_remote_jwt(mut self, jwt: Jwt, keys: impl Into<Arc<RemoteKeys>>) -> Self {
        self.tokens = Some(Tokens::new(jwt).with_remote_keys(keys.into()));
        self
    }

    /// Accepts names and passwords.
    #[cfg(feature = "password")]
    #[must_use]
    pub fn with_passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = Some(passwords);
        self
    }

    /// Asks `upstream` about credentials that nothing else here checks.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn with_upstream(mut self, upstream: Upstream) -> Self {
        self.upstream = Some(Arc::new(upstream));
        self
    }

    /// Issues tickets with `key`, and accepts them. A ticket ends after `ttl`, or earlier with the grant that it was
    /// issued for.
    #[must_use]
    pub fn with_tickets(mut self, key: TicketKey, ttl: Duration) -> Self {
        self.tickets = Some((key, ttl));
        self
    }

    /// Lets `limits` count failed attempts. Default: any number may fail.
    #[must_use]
    pub fn with_limits(mut self, limits: Arc<Limits>) -> Self {
        self.limits = Some(limits);
        self
    }

    fn attempt(&self, request: &AccessRequest<'_>) -> Attempt {
        Attempt::new(self.limits.as_ref(), request.parts())
    }

    fn check_token<'a>(&'a self, request: &AccessRequest<'a>, token: &'a str) -> Verdict<'a> {
        #[cfg(feature = "jwt")]
        if let Some(tokens) = &self.tokens {
            return tokens.check(token, || self.attempt(request));
        }
        let _ = token;
        self.ask_upstream(request)
    }

    fn check_password<'a>(&'a self, request: &AccessRequest<'a>, pair: &'a str) -> Verdict<'a> {
        #[cfg(feature = "password")]
        if let Some(passwords) = &self.passwords {
            let attempt = self.attempt(request);
            // Nothing is hashed before the future is polled.
            return match passwords.check_basic_counted(pair, attempt.clone()).into_ready() {
                Ok(Err(denied)) => Verdict::ready(attempt.end(Err(denied))),
                Ok(known) => Verdict::ready(known),
                Err(hashing) => {
                    if let Err(denied) = attempt.check() {
                        return Verdict::ready(Err(denied));
                    }
                    // A wrong password is counted as soon as it is hashed.
                    let ended = async { Ended { outcome: hashing.await, is_failure: false } };
                    Verdict::pending(attempt.follow(ended))
                }
            };
        }
        let _ = pair;
        self.ask_upstream(request)
    }

    fn check_ticket(&self, request: &AccessRequest<'_>, ticket: &str) -> Verdict<'static> {
        let Some((key, _)) = &self.tickets else {
            return Verdict::ready(Err(Denied::Unauthorized));
        };
        // Opening a ticket costs no more than looking it up in a cache would.
        Verdict::ready(match key.open(ticket, Instant::now()) {
            Ok(grant) => Ok(Some(grant)),
            Err(error) => {
                debug!("a ticket is refused: {error}");
                let attempt = self.attempt(request);
                attempt.check().and_then(|()| {
                    if !error.is_genuine() {
                        attempt.fail();
                    }
                    Err(Denied::Unauthorized)
                })
            }
        })
    }

    fn ask_upstream<'a>(&'a self, request: &AccessRequest<'a>) -> Verdict<'a> {
        #[cfg(feature = "http")]
        if let Some(upstream) = &self.upstream
            && let Some(question) = Question::new(request)
        {
            if let Some(known) = upstream.recall(&question) {
                return Verdict::ready(known.map(Some));
            }
            let attempt = self.attempt(request);
            if let Err(denied) = attempt.check() {
                return Verdict::ready(Err(denied));
            }
            let question = question.of_client(attempt.address()).counted_for(attempt.limited());
            let asked = upstream.clone().ask(question, move || attempt.fail());
            return Verdict::pending(async { asked.await.map(Some) });
        }
        let _ = request;
        Verdict::ready(Err(Denied::Unauthorized))
    }
}

impl Authenticator for Authentication {
    fn authenticate<'a>(&'a self, request: &AccessRequest<'a>) -> Verdict<'a> {
        match request.credential() {
            None => Verdict::ready(Ok(None)),
            Some(Credential::Bearer(token) | Credential::Cookie(token)) => {
                self.check_token(request, token)
            }
            Some(Credential::Basic(pair)) => self.check_password(request, pair),
            Some(Credential::Ticket(ticket)) => self.check_ticket(request, ticket),
            Some(_) => self.ask_upstream(request),
        }
    }

    fn issue_ticket(&self, grant: &Grant, token: &Token, now: Instant) -> Option<Ticket> {
        let (key, ttl) = self.tickets.as_ref()?;
        key.issue(grant, token, *ttl, now)
    }

    fn forget(&self, revocation: &Revocation) {
        #[cfg(feature = "jwt")]
        if let Some(tokens) = &self.tokens {
            tokens.forget(revocation);
        }
        #[cfg(feature = "password")]
        if let Some(passwords) = &self.passwords {
            passwords.forget(revocation);
        }
        #[cfg(feature = "http")]
        if let Some(upstream) = &self.upstream {
            upstream.forget(revocation);
        }
        let _ = revocation;
    }

    fn takes_passwords(&self) -> bool {
        #[cfg(feature = "password")]
        let takes = self.passwords.is_some();
        #[cfg(not(feature = "password"))]
        let takes = false;
        takes
    }
}
