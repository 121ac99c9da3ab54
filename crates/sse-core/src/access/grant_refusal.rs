/// Why a gateway refuses a request because of what it may do.
///
/// ```
/// use sse_core::{Hub, HubConfig, StringFormat, access::GrantRefusal};
///
/// let counts = Hub::new(HubConfig::new(StringFormat)).counts();
/// assert!(GrantRefusal::ALL.iter().all(|reason| counts.grants_refused(*reason) == 0));
/// assert_eq!(GrantRefusal::TooManyFailures.as_str(), "too_many_failures");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum GrantRefusal {
    /// It has no credentials, and not everybody may do this.
    Missing,
    /// Its credentials are not valid.
    Invalid,
    /// Its grant has ended or was revoked.
    Ended,
    /// Its grant does not permit it.
    Forbidden,
    /// Too many attempts of its client have failed.
    TooManyFailures,
    /// Its credentials cannot be checked now.
    Unavailable,
}

impl GrantRefusal {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Missing,
        Self::Invalid,
        Self::Ended,
        Self::Forbidden,
        Self::TooManyFailures,
        Self::Unavailable,
    ];

    /// Its name in lower case, with underscores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::Ended => "ended",
            Self::Forbidden => "forbidden",
            Self::TooManyFailures => "too_many_failures",
            Self::Unavailable => "unavailable",
        }
    }
}
