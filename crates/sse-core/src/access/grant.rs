use std::time::Instant;

use super::Permissions;

/// What somebody may do, who it is, and until when.
///
/// An [`Authenticator`](super::Authenticator) makes it, or the middleware of a framework, which puts it into
/// the extensions of a request: the gateway holds the request to it then, and asks nobody.
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
pub struct Grant {
    permissions: Permissions,
    subject: Option<Box<str>>,
    id: Option<Box<str>>,
    end: Option<Instant>,
}

impl Grant {
    /// A grant of `permissions` to somebody without a name, without an end.
    pub fn new(permissions: Permissions) -> Self {
        Self { permissions, subject: None, id: None, end: None }
    }

    /// Says who it is for. Grants of a subject can be revoked together, and are counted together.
    #[must_use]
    pub fn with_subject(mut self, subject: &str) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Says which one it is, such as the claim `jti` of a token, so that it can be revoked alone.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets when it ends: streams that were begun with it end then.
    #[must_use]
    pub fn with_end(mut self, end: Instant) -> Self {
        self.end = Some(end);
        self
    }

    /// What it permits.
    pub fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    /// Who it is for, if that is known.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Which one it is, if that is known.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// When it ends; `None` for never.
    pub fn end(&self) -> Option<Instant> {
        self.end
    }

    /// Whether it has ended.
    pub fn has_ended(&self, now: Instant) -> bool {
        self.end.is_some_and(|end| end <= now)
    }
}
