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

/// Who says who sends a request, and what they may do.
///
/// [`from_fn`](super::from_fn) and [`from_async_fn`](super::from_async_fn) make one of a closure. The crate
/// `sse-access` has those for tokens, passwords, tickets, and a server of your own that is asked.
///
/// ```
/// use std::collections::HashMap;
///
/// use sse_core::access::{
///     Access, AccessRequest, Authenticator, Credential, Denied, Grant, Permissions, Verdict,
/// };
///
/// /// The sessions there are, by their secret. A map finds it by a hash, so how much of a guess is right
/// /// makes no difference.
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
    /// What the sender of `request` may do: a grant, or `None` where it does not say who it is and has what
    /// everybody has.
    ///
    /// It is asked before a channel is looked at. The time that an answer takes must not depend on how much
    /// of a secret is right.
    fn authenticate<'a>(&'a self, request: &AccessRequest<'a>) -> Verdict<'a>;

    /// A ticket to listen on the channel `token` alone, for the holder of `grant`; `None` if there are no
    /// tickets. Default: none.
    ///
    /// What it grants ends with `grant`, and has its subject and ID, so that it is revoked with them.
    fn issue_ticket(&self, grant: &Grant, token: &Token, now: Instant) -> Option<Ticket> {
        let _ = (grant, token, now);
        None
    }

    /// Forgets what it remembers of grants that are revoked. Default: it remembers nothing.
    ///
    /// They are refused in any case.
    fn forget(&self, revocation: &Revocation) {
        let _ = revocation;
    }

    /// Whether it takes a name and a password, so that a refusal says so. Default: no.
    fn takes_passwords(&self) -> bool {
        false
    }
}

/// What somebody is to be asked for: a channel, what is to be done with it, and the head of the request.
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
    /// A request to do `operation` with the channel `token`, which presents `credential`. A gateway makes it.
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
    /// Take the credential from [`Self::credential`]: cookies and passwords that a browser sends for a page of
    /// another site are in the head too, and do not count.
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

    /// What the request presents, if anything that counts.
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

/// What an [`Authenticator`] finds: a grant, `None` for somebody without a name, or why nothing is granted.
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
#[must_use = "it is to be awaited"]
pub struct Verdict<'a>(Inner<'a>);

enum Inner<'a> {
    Ready(Option<Outcome>),
    Pending(Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>),
}

impl<'a> Verdict<'a> {
    /// It is known.
    pub fn ready(outcome: Outcome) -> Self {
        Self(Inner::Ready(Some(outcome)))
    }

    /// It is what `future` completes with.
    pub fn pending(future: impl Future<Output = Outcome> + Send + 'a) -> Self {
        Self(Inner::Pending(Box::pin(future)))
    }

    /// What is known already.
    ///
    /// # Errors
    ///
    /// The verdict itself, to be awaited.
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

/// Why somebody is granted nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// What is presented is not valid, or not any more: 401.
    #[error("the credentials are not valid")]
    Unauthorized,
    /// Who it is may not do this: 403.
    #[error("this is not permitted")]
    Forbidden,
    /// Too many attempts have failed: 429.
    #[error("too many attempts have failed")]
    TooManyFailures {
        /// How long to wait before the next one.
        retry_after: Duration,
    },
    /// What has to be asked does not answer: 503.
    #[error("the credentials cannot be checked now")]
    Unavailable,
}

/// A ticket: what is put into the query of a URL, since an `EventSource` can set no header.
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
    /// A ticket that ends `expires` seconds after the beginning of 1970 in UTC, as the claim `exp` of a token
    /// says it.
    ///
    /// # Panics
    ///
    /// If `ticket` has other characters than letters, digits, `-`, `_`, `.` and `~`, which mean themselves in a
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
