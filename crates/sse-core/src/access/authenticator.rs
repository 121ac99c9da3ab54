use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use http::request::Parts;

use super::{Credential, Grant, Operation, Revocation};
use crate::Token;

/// Finds out who sends a request, and what they may do.
///
/// [`from_fn`](super::from_fn) and [`from_async_fn`](super::from_async_fn) make one from a closure. The crate
/// `sse-access` has one for tokens, passwords, tickets and an upstream server.
///
/// ```
/// use std::collections::HashMap;
///
/// use sse_core::access::{
///     Access, AccessRequest, Authenticator, Credential, Denied, Grant, Permissions, Verdict,
/// };
///
/// /// The open sessions, by their secret ID. A map looks it up by its hash, so the time does not show how
/// /// much of a guess is right.
/// #[derive(Default)]
/// struct Sessions(HashMap<String, Grant>);
///
/// impl Authenticator for Sessions {
///     fn authenticate<'a>(&'a self, request: &AccessRequest<'a>) -> Verdict<'a> {
///         Verdict::ready(match request.credential() {
///             Some(Credential::Cookie(id)) => {
///                 self.0.get(*id).cloned().map(Some).ok_or(Denied::Unauthorized)
///             }
///             Some(_) => Err(Denied::Unauthorized),
///             None => Ok(None),
///         })
///     }
/// }
///
/// let access = Access::new(Sessions::default()).with_cookie("session")?;
/// # drop(access);
/// # Ok::<(), sse_core::access::AccessError>(())
/// ```
pub trait Authenticator: Send + Sync + 'static {
    /// Returns the grant of the sender of `request`, or `None` for an anonymous sender, who may do what everybody
    /// may.
    ///
    /// It is called before the channel is looked at. The time that it takes must not depend on how much of a
    /// secret is right.
    fn authenticate<'a>(&'a self, request: &AccessRequest<'a>) -> Verdict<'a>;

    /// Issues a ticket that lets the holder of `grant` listen on the channel `token` and do nothing else, or
    /// returns `None`, which is answered 404. Default: `None`.
    ///
    /// What the ticket grants has to end with `grant` at the latest, and to have its subject and ID, so that it
    /// is revoked with it.
    fn issue_ticket(&self, grant: &Grant, token: &Token, now: Instant) -> Option<Ticket> {
        let _ = (grant, token, now);
        None
    }

    /// Forgets what is remembered of revoked grants. Default: does nothing.
    ///
    /// The gateway refuses revoked grants in any case.
    fn forget(&self, revocation: &Revocation) {
        let _ = revocation;
    }

    /// Whether names and passwords are accepted, so that a 401 may ask for them. Default: no.
    fn takes_passwords(&self) -> bool {
        false
    }
}

/// What an [`Authenticator`] or a [`Limiter`](super::Limiter) is asked about: a channel, an operation on it, and
/// the head of the request.
///
/// ```
/// use sse_core::access::{AccessRequest, Denied, Outcome};
///
/// fn only_from_the_office(request: &AccessRequest<'_>) -> Outcome {
///     match request.parts().headers.get("x-office") {
///         Some(_) => Ok(None),
///         None => Err(Denied::Forbidden),
///     }
/// }
/// ```
#[derive(Clone)]
pub struct AccessRequest<'a> {
    parts: &'a Parts,
    token: &'a Token,
    operation: &'a Operation,
    credential: Option<Credential<'a>>,
}

impl<'a> AccessRequest<'a> {
    /// A request for `operation` on the channel `token`, which presents `credential`. A gateway makes it.
    pub fn new(
        parts: &'a Parts,
        token: &'a Token,
        operation: &'a Operation,
        credential: Option<Credential<'a>>,
    ) -> Self {
        Self { parts, token, operation, credential }
    }

    /// The head of the request.
    ///
    /// Take the credential from [`Self::credential`], not from here: the head also has the cookies and passwords
    /// that a browser sends for a page of another site, and these do not count.
    pub fn parts(&self) -> &'a Parts {
        self.parts
    }

    /// The channel that the request names.
    pub fn token(&self) -> &'a Token {
        self.token
    }

    /// What is to be done with the channel.
    pub fn operation(&self) -> &'a Operation {
        self.operation
    }

    /// The credential that counts, if the request has one.
    pub fn credential(&self) -> Option<&Credential<'a>> {
        self.credential.as_ref()
    }
}

/// Shows neither headers nor the query, which may hold secrets.
impl fmt::Debug for AccessRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessRequest")
            .field("method", &self.parts.method)
            .field("token", &self.token)
            .field("operation", &self.operation)
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}

/// What an [`Authenticator`] finds: a grant, `None` for an anonymous sender, or why access is denied.
pub type Outcome = Result<Option<Grant>, Denied>;

/// An [`Outcome`], now or later.
///
/// ```
/// use sse_core::access::{Denied, Verdict};
///
/// let now = Verdict::ready(Err(Denied::Unauthorized));
/// let later = Verdict::pending(async { Ok(None) });
/// assert!(now.into_ready().is_ok() && later.into_ready().is_err());
/// ```
#[must_use = "a verdict says nothing unless it is awaited"]
pub struct Verdict<'a>(Inner<'a>);

enum Inner<'a> {
    Ready(Option<Outcome>),
    Pending(Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>),
}

impl<'a> Verdict<'a> {
    /// A verdict that is known.
    pub fn ready(outcome: Outcome) -> Self {
        Self(Inner::Ready(Some(outcome)))
    }

    /// The verdict that `future` completes with.
    pub fn pending(future: impl Future<Output = Outcome> + Send + 'a) -> Self {
        Self(Inner::Pending(Box::pin(future)))
    }

    /// The outcome, if it is known already.
    ///
    /// # Errors
    ///
    /// The verdict itself, which has to be awaited.
    pub fn into_ready(self) -> Result<Outcome, Self> {
        match self.0 {
            Inner::Ready(Some(outcome)) => Ok(outcome),
            _ => Err(self),
        }
    }
}

impl Future for Verdict<'_> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        match &mut self.0 {
            Inner::Ready(outcome) => {
                Poll::Ready(outcome.take().expect("a future that is done is not polled"))
            }
            Inner::Pending(future) => future.as_mut().poll(cx),
        }
    }
}

impl fmt::Debug for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Ready(outcome) => f.debug_tuple("Ready").field(outcome).finish(),
            Inner::Pending(_) => f.write_str("Pending"),
        }
    }
}

/// Why access is denied.
///
/// ```
/// use sse_core::access::Denied;
///
/// assert_eq!(Denied::Unavailable.to_string(), "the credentials cannot be checked now");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// The credentials are not valid, or no longer valid: 401.
    #[error("the credentials are not valid")]
    Unauthorized,
    /// The sender may not do this: 403.
    #[error("this is not permitted")]
    Forbidden,
    /// Too many attempts have failed: 429.
    #[error("too many attempts have failed")]
    TooManyFailures {
        /// How long to wait before the next one.
        retry_after: Duration,
    },
    /// The credentials cannot be checked now: 503.
    #[error("the credentials cannot be checked now")]
    Unavailable,
}

/// A credential for the query of a URL, since an `EventSource` can set no header.
///
/// ```
/// use sse_core::access::Ticket;
///
/// let ticket = Ticket::new("c2VjcmV0", 1_800_000_000);
/// assert_eq!((ticket.as_str(), ticket.expires()), ("c2VjcmV0", 1_800_000_000));
/// assert_eq!(format!("{ticket:?}"), "Ticket { expires: 1800000000, .. }");
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Ticket {
    ticket: Box<str>,
    expires: u64,
}

impl Ticket {
    /// A ticket that ends `expires` seconds after the beginning of 1970 in UTC, like the claim `exp` of a token.
    ///
    /// # Panics
    ///
    /// If `ticket` has other characters than letters, digits, `-`, `_`, `.` and `~`, which need no encoding in a
    /// query.
    pub fn new(ticket: &str, expires: u64) -> Self {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        assert!(ticket.bytes().all(is_plain), "a ticket goes into a query as it is");
        Self { ticket: ticket.into(), expires }
    }

    /// What goes into the query.
    pub fn as_str(&self) -> &str {
        &self.ticket
    }

    /// When it ends, in seconds since the beginning of 1970 in UTC.
    pub fn expires(&self) -> u64 {
        self.expires
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("expires", &self.expires).finish_non_exhaustive()
    }
}
