use std::{error::Error, fmt, time::Duration};

#[cfg(feature = "tls")]
use rustls::{CertificateError, Error as TlsError};

use super::chain::causes;

/// What is wrong with the certificate that a server, or a proxy, has shown.
///
/// ```
/// use sse_hyper::{CertificateProblem, SendError};
///
/// fn advice(error: &SendError) -> &'static str {
///     let SendError::Transport(error) = error else { return "look at what the server says" };
///     match CertificateProblem::behind(&**error) {
///         Some(problem) if problem.is_for_want_of_a_root() => "name its root to `with_root_pem`",
///         Some(_) => "have the certificate renewed",
///         None => "try again later",
///     }
/// }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// It is signed by an authority that is not trusted, or by itself.
    UnknownIssuer,
    /// It is an authority's own, which is not among the roots that `ClientTls::with_root_pem` was given: most
    /// often one that signed itself.
    SelfSigned,
    /// Its time is over.
    Expired {
        /// For how long, by the clock of this machine, if that is known.
        since: Option<Duration>,
    },
    /// Its time has not begun.
    NotYetValid {
        /// How long that takes, by the clock of this machine, if that is known.
        begins_in: Option<Duration>,
    },
    /// It is for others.
    WrongName {
        /// The name that was asked for; empty if that is not known.
        name: String,
        /// The names that it is for.
        names: Vec<String>,
    },
    /// Its authority has taken it back.
    Revoked,
    /// An authority of the name that it gives is trusted, but another one has signed it.
    BadSignature,
    /// It breaks a rule of certificates.
    Unfit {
        /// Which, in rustls's words.
        rule: String,
    },
}

impl CertificateProblem {
    /// The one that `error` comes from, if it does.
    pub fn behind(error: &(dyn Error + 'static)) -> Option<Self> {
        let typed = causes(error).find_map(Self::typed);
        typed.or_else(|| causes(error).find_map(|error| Self::said(&error.to_string())))
    }

    /// Whether the server is trusted once its certificate, or the root of it, is named to
    /// `ClientTls::with_root_pem`.
    pub fn is_for_want_of_a_root(&self) -> bool {
        matches!(self, Self::UnknownIssuer | Self::SelfSigned | Self::BadSignature)
    }

    #[cfg(feature = "tls")]
    fn typed(error: &(dyn Error + 'static)) -> Option<Self> {
        match error.downcast_ref() {
            Some(TlsError::InvalidCertificate(error)) => Some(Self::of(error)),
            _ => error.downcast_ref().map(|ProxyCertificate(problem)| problem.clone()),
        }
    }

    #[cfg(not(feature = "tls"))]
    fn typed(_error: &(dyn Error + 'static)) -> Option<Self> {
        None
    }

    /// What another transport says by way of a rustls whose types are not here.
    fn said(text: &str) -> Option<Self> {
        let said = text.strip_prefix("invalid peer certificate: ")?;
        Some(match said {
            "UnknownIssuer" => Self::UnknownIssuer,
            "Revoked" => Self::Revoked,
            "BadSignature" => Self::BadSignature,
            _ if said.contains("CaUsedAsEndEntity") => Self::SelfSigned,
            _ if said.starts_with("certificate expired") => Self::Expired { since: None },
            _ if said.starts_with("certificate not valid yet") => {
                Self::NotYetValid { begins_in: None }
            }
            _ if said.starts_with("certificate not valid for name") => {
                Self::WrongName { name: String::new(), names: Vec::new() }
            }
            _ => Self::Unfit { rule: words(said) },
        })
    }

    #[cfg(feature = "tls")]
    fn of(error: &CertificateError) -> Self {
        let between = |from: u64, to: u64| Some(Duration::from_secs(to.saturating_sub(from)));
        match error {
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::Expired => Self::Expired { since: None },
            CertificateError::ExpiredContext { time, not_after } => {
                Self::Expired { since: between(not_after.as_secs(), time.as_secs()) }
            }
            CertificateError::NotValidYet => Self::NotYetValid { begins_in: None },
            CertificateError::NotValidYetContext { time, not_before } => {
                Self::NotYetValid { begins_in: between(time.as_secs(), not_before.as_secs()) }
            }
            CertificateError::NotValidForName => {
                Self::WrongName { name: String::new(), names: Vec::new() }
            }
            CertificateError::NotValidForNameContext { expected, presented } => Self::WrongName {
                name: expected.to_str().into_owned(),
                names: presented.iter().map(|name| plain_name(name)).collect(),
            },
            CertificateError::Revoked => Self::Revoked,
            CertificateError::BadSignature => Self::BadSignature,
            // webpki has a name for it, and rustls has none.
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                Self::SelfSigned
            }
            CertificateError::Other(other) => Self::Unfit { rule: words(&other.0.to_string()) },
            other => Self::Unfit { rule: words(&other.to_string()) },
        }
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the certificate {}", Verdict(self))
    }
}

impl Error for CertificateProblem {}

/// What is wrong with the certificate of a proxy.
#[cfg(feature = "tls")]
#[derive(Debug, thiserror::Error)]
#[error("the certificate of the proxy {}", Verdict(_0))]
pub(super) struct ProxyCertificate(pub(super) CertificateProblem);

/// What is said of a certificate.
struct Verdict<'a>(&'a CertificateProblem);

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use CertificateProblem as Problem;

        match self.0 {
            Problem::UnknownIssuer => {
                f.write_str("is signed by an authority that is not trusted, or by itself")?;
                f.write_str(TO_TRUST)
            }
            Problem::SelfSigned => {
                f.write_str("is self-signed, an authority of its own that is not trusted")?;
                f.write_str(TO_TRUST)
            }
            Problem::Expired { since } => {
                f.write_str("has expired")?;
                since.map_or(Ok(()), |since| write!(f, " {} ago", Rough(since)))
            }
            Problem::NotYetValid { begins_in } => {
                f.write_str("is not valid yet")?;
                begins_in.map_or(Ok(()), |time| write!(f, ", but in {}", Rough(time)))
            }
            Problem::WrongName { name, names } => {
                let asked = if name.is_empty() { "the host that was asked for" } else { name };
                match &**names {
                    [] => write!(f, "is not for {asked}"),
                    names => write!(f, "is not for {asked}, but for {}", some_of(names)),
                }
            }
            Problem::Revoked => f.write_str("was taken back by its authority"),
            Problem::BadSignature => {
                f.write_str("is signed by another authority than the trusted one of that name")?;
                f.write_str(TO_TRUST)
            }
            Problem::Unfit { rule } => write!(f, "cannot be used: {rule}"),
        }
    }
}

/// Why a server refused TLS, or how it speaks it, in words instead of the names of a program.
#[cfg(feature = "tls")]
pub(super) fn tls_in_words(error: &(dyn Error + 'static)) -> Option<String> {
    causes(error).find_map(|error| match error.downcast_ref() {
        Some(TlsError::AlertReceived(alert)) => {
            Some(format!("the server refused TLS: {}", words(&format!("{alert:?}"))))
        }
        Some(TlsError::PeerIncompatible(reason)) => {
            Some(format!("the server speaks another TLS: {}", words(&format!("{reason:?}"))))
        }
        _ => None,
    })
}

/// `certificate required` of `CertificateRequired`; any other text stays as it is.
fn words(name: &str) -> String {
    // What rustls adds to these is for its own authors.
    for (beginning, words) in NAMED {
        if name.starts_with(beginning) {
            return words.to_owned();
        }
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return name.to_owned();
    }
    let mut words = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase()
            && words.ends_with(|last: char| !last.is_ascii_uppercase())
        {
            words.push(' ');
        }
        words.push(character);
    }
    words.to_ascii_lowercase()
}

/// Rules of certificates in the words of their users.
const NAMED: [(&str, &str); 3] = [
    (
        "UnsupportedSignatureAlgorithm",
        "it is signed in a way that is not accepted, such as by SHA-1",
    ),
    ("UnhandledCriticalExtension", "it has a critical extension that is not understood"),
    ("InvalidPurpose", "it is not for servers"),
];

/// The first of `names`, and how many there are besides: certificates may be for thousands.
fn some_of(names: &[String]) -> String {
    let (shown, rest) = names.split_at(names.len().min(MAX_NAMES));
    match rest {
        [] => shown.join(", "),
        rest => format!("{} and {} more", shown.join(", "), rest.len()),
    }
}

/// A time in the largest unit that it has.
struct Rough(Duration);

impl fmt::Display for Rough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
        let (count, unit) = units
            .into_iter()
            .map(|(length, unit)| (seconds / length, unit))
            .find(|&(count, _)| 0 < count)
            .unwrap_or((0, "second"));
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

/// `a.example` of `DnsName("a.example")`.
#[cfg(feature = "tls")]
fn plain_name(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, inner)| inner.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"').to_owned()
}

/// How many names of a certificate are told.
const MAX_NAMES: usize = 10;

const TO_TRUST: &str = ": name its root to trust it";
