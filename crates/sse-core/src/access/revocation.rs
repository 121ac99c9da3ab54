use std::time::Instant;

use super::Grant;

/// Says which grants are no longer valid, though they have not ended.
///
/// ```
/// use std::time::{Duration, Instant};
/// use sse_core::access::{Grant, Permissions, Revocation};
///
/// let grant = Grant::new(Permissions::all()).with_subject("alice").with_id("7");
/// assert!(Revocation::subject("alice").matches(&grant));
/// assert!(Revocation::id("7").matches(&grant));
/// assert!(!Revocation::subject("bob").matches(&grant));
///
/// // None of her tokens is valid for longer than a day.
/// let revocation = Revocation::subject("alice").with_end(Instant::now() + Duration::from_secs(86_400));
/// # drop(revocation);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revocation {
    pub(crate) of: Revoked,
    pub(crate) end: Option<Instant>,
}

/// What the grants that are revoked together have in common.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Revoked {
    Subject(Box<str>),
    Id(Box<str>),
}

impl Revoked {
    /// Everything by which `grant` can be revoked.
    pub(crate) fn all_of(grant: &Grant) -> impl Iterator<Item = Self> {
        let subject = grant.subject().map(|subject| Self::Subject(subject.into()));
        subject.into_iter().chain(grant.id().map(|id| Self::Id(id.into())))
    }
}

impl Revocation {
    /// Revokes all grants of `subject`, present and future.
    pub fn subject(subject: &str) -> Self {
        Self { of: Revoked::Subject(subject.into()), end: None }
    }

    /// Revokes the grant whose ID is `id`, such as the claim `jti` of a token.
    pub fn id(id: &str) -> Self {
        Self { of: Revoked::Id(id.into()), end: None }
    }

    /// Sets when the revocation may be forgotten: when every grant that it matches will have ended. Default:
    /// never.
    #[must_use]
    pub fn with_end(mut self, end: Instant) -> Self {
        self.end = Some(end);
        self
    }

    /// The subject whose grants are revoked, if it is about a subject.
    pub fn of_subject(&self) -> Option<&str> {
        match &self.of {
            Revoked::Subject(subject) => Some(subject),
            Revoked::Id(_) => None,
        }
    }

    /// The ID of the grant that is revoked, if it is about an ID.
    pub fn of_id(&self) -> Option<&str> {
        match &self.of {
            Revoked::Subject(_) => None,
            Revoked::Id(id) => Some(id),
        }
    }

    /// When it may be forgotten; `None` for never.
    pub fn end(&self) -> Option<Instant> {
        self.end
    }

    /// Whether it revokes `grant`.
    pub fn matches(&self, grant: &Grant) -> bool {
        match &self.of {
            Revoked::Subject(subject) => grant.subject() == Some(subject),
            Revoked::Id(id) => grant.id() == Some(id),
        }
    }
}

/// Why grants cannot be revoked.
///
/// ```
/// use sse_core::access::RevokeError;
///
/// let error = RevokeError::Full { max: 100_000 };
/// assert!(error.to_string().starts_with("no more than 100000 revocations"));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// No more revocations can be remembered. Nothing has changed, and no stream has ended.
    #[error("no more than {max} revocations can be remembered, and none of them has ended")]
    Full {
        /// How many can be remembered.
        max: usize,
    },
}
