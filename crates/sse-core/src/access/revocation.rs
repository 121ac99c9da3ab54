use std::time::Instant;

use super::Grant;

/// Grants that are not to count any more, though they have not ended.
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
/// // No token of hers lives longer than a day.
/// let revocation = Revocation::subject("alice").with_end(Instant::now() + Duration::from_secs(86_400));
/// # drop(revocation);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revocation {
    pub(crate) of: Revoked,
    pub(crate) end: Option<Instant>,
}

/// What grants have in common that are revoked together.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Revoked {
    Subject(Box<str>),
    Id(Box<str>),
}

impl Revoked {
    /// All that `grant` can be revoked by.
    pub(crate) fn all_of(grant: &Grant) -> impl Iterator<Item = Self> {
        let subject = grant.subject().map(|subject| Self::Subject(subject.into()));
        subject.into_iter().chain(grant.id().map(|id| Self::Id(id.into())))
    }
}

impl Revocation {
    /// Revokes all grants of `subject`: those that were made, and those that will be.
    pub fn subject(subject: &str) -> Self {
        Self { of: Revoked::Subject(subject.into()), end: None }
    }

    /// Revokes the grant whose ID is `id`, such as the claim `jti` of a token.
    pub fn id(id: &str) -> Self {
        Self { of: Revoked::Id(id.into()), end: None }
    }

    /// Sets when the last grant that is meant has ended in any case, so that the revocation can be forgotten.
    /// Default: never.
    #[must_use]
    pub fn with_end(mut self, end: Instant) -> Self {
        self.end = Some(end);
        self
    }

    /// Whether `grant` is meant.
    pub fn matches(&self, grant: &Grant) -> bool {
        match &self.of {
            Revoked::Subject(subject) => grant.subject() == Some(subject),
            Revoked::Id(id) => grant.id() == Some(id),
        }
    }
}

/// Why grants cannot be revoked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// So many are revoked already that no more can be remembered. Nothing has changed, and no stream has
    /// ended.
    #[error("no more than {max} revocations can be remembered, and none of them has ended")]
    Full {
        /// How many can be.
        max: usize,
    },
}
