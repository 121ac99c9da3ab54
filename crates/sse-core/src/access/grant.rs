use std::{sync::Arc, time::Instant};

use super::Permissions;

/// What its holder may do, who that is, and until when.
///
/// An [`Authenticator`](super::Authenticator) makes it. Or middleware of a framework makes it and puts it into the
/// extensions of a request: the gateway then permits what the grant permits and asks no authenticator. A clone
/// is the same grant and is cheap.
///
/// ```
/// use std::time::{Duration, Instant};
/// use sse_core::access::{Grant, Permissions};
///
/// let permissions = Permissions::none().with_listen("room:*".parse()?);
/// let grant = Grant::new(permissions)
///     .with_subject("alice")
///     .with_end(Instant::now() + Duration::from_secs(3600));
/// assert_eq!(grant.subject(), Some("alice"));
/// # Ok::<(), sse_core::access::PatternError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant(Arc<Granted>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Granted {
    permissions: Permissions,
    subject: Option<Box<str>>,
    id: Option<Box<str>>,
    end: Option<Instant>,
}

impl Grant {
    /// A grant of `permissions` without a subject, an ID and an end.
    pub fn new(permissions: Permissions) -> Self {
        Self(Arc::new(Granted { permissions, subject: None, id: None, end: None }))
    }

    /// Sets who holds it. All grants of a subject are revoked together, and their listeners counted together.
    #[must_use]
    pub fn with_subject(mut self, subject: &str) -> Self {
        Arc::make_mut(&mut self.0).subject = Some(subject.into());
        self
    }

    /// Sets its ID, such as the claim `jti` of a token, by which it is revoked alone.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        Arc::make_mut(&mut self.0).id = Some(id.into());
        self
    }

    /// Sets when it ends. Streams that were opened with it end then too. Default: never.
    #[must_use]
    pub fn with_end(mut self, end: Instant) -> Self {
        Arc::make_mut(&mut self.0).end = Some(end);
        self
    }

    /// What it permits.
    pub fn permissions(&self) -> &Permissions {
        &self.0.permissions
    }

    /// Who holds it, if that is known.
    pub fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// Its ID, if it has one.
    pub fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// When it ends; `None` for never.
    pub fn end(&self) -> Option<Instant> {
        self.0.end
    }

    /// Whether it has ended by `now`.
    pub fn has_ended(&self, now: Instant) -> bool {
        self.0.end.is_some_and(|end| end <= now)
    }
}
