use std::{fmt, str::FromStr};

use ring::{
    hmac,
    signature::{self, RsaParameters, VerificationAlgorithm},
};

use super::KeyKind;

/// How a token is signed.
///
/// ```
/// use sse_access::Algorithm;
///
/// assert_eq!("ES256".parse(), Ok(Algorithm::Es256));
/// assert_eq!(Algorithm::EdDsa.to_string(), "EdDSA");
/// assert!("none".parse::<Algorithm>().is_err());
/// ```
///
/// # Source
///
/// RFC 7518, [Cryptographic Algorithms for Digital Signatures and MACs][algorithms]; RFC 8037, [Signing with
/// EdDSA][eddsa].
///
/// [algorithms]: https://www.rfc-editor.org/rfc/rfc7518.html#section-3
/// [eddsa]: https://www.rfc-editor.org/rfc/rfc8037.html#section-3.1
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256, and a secret that both sides know.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSA, PKCS#1 version 1.5, with SHA-256.
    Rs256,
    /// RSA, PKCS#1 version 1.5, with SHA-384.
    Rs384,
    /// RSA, PKCS#1 version 1.5, with SHA-512.
    Rs512,
    /// RSA, PSS, with SHA-256.
    Ps256,
    /// RSA, PSS, with SHA-384.
    Ps384,
    /// RSA, PSS, with SHA-512.
    Ps512,
    /// ECDSA on the curve P-256 with SHA-256.
    Es256,
    /// ECDSA on the curve P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All algorithms.
    ///
    /// ```
    /// # use sse_access::Algorithm;
    /// for algorithm in Algorithm::ALL {
    ///     assert_eq!(algorithm.name().parse(), Ok(algorithm));
    /// }
    /// ```
    pub const ALL: [Self; 12] = [
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// Its name in the header of a token.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The kind of key that it needs.
    ///
    /// ```
    /// # use sse_access::{Algorithm, KeyKind};
    /// assert_eq!(Algorithm::Ps256.key_kind(), KeyKind::Rsa);
    /// ```
    pub fn key_kind(self) -> KeyKind {
        match self {
            Self::Hs256 | Self::Hs384 | Self::Hs512 => KeyKind::Secret,
            Self::Rs256 | Self::Rs384 | Self::Rs512 => KeyKind::Rsa,
            Self::Ps256 | Self::Ps384 | Self::Ps512 => KeyKind::Rsa,
            Self::Es256 => KeyKind::P256,
            Self::Es384 => KeyKind::P384,
            Self::EdDsa => KeyKind::Ed25519,
        }
    }

    pub(super) fn verification(self) -> Verification {
        match self {
            Self::Hs256 => Verification::Hmac(hmac::HMAC_SHA256),
            Self::Hs384 => Verification::Hmac(hmac::HMAC_SHA384),
            Self::Hs512 => Verification::Hmac(hmac::HMAC_SHA512),
            Self::Rs256 => Verification::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Verification::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Verification::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Verification::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => Verification::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => Verification::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
            Self::Es256 => Verification::Point(&signature::ECDSA_P256_SHA256_FIXED),
            Self::Es384 => Verification::Point(&signature::ECDSA_P384_SHA384_FIXED),
            Self::EdDsa => Verification::Point(&signature::ED25519),
        }
    }
}

/// How a signature is verified, for each kind of key.
pub(super) enum Verification {
    Hmac(hmac::Algorithm),
    Rsa(&'static RsaParameters),
    Point(&'static dyn VerificationAlgorithm),
}

/// As in the header of a token.
impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Parses the name in the header of a token; case matters. `Ed25519` is `EdDSA`, too.
///
/// # Source
///
/// RFC 9864, [Edwards-Curve Digital Signature Algorithm][spec]: the name that says the curve.
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc9864.html#section-2.2
impl FromStr for Algorithm {
    type Err = AlgorithmError;

    fn from_str(name: &str) -> Result<Self, AlgorithmError> {
        if name == "Ed25519" {
            return Ok(Self::EdDsa);
        }
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| AlgorithmError { name: name.to_owned() })
    }
}

/// A name of no [`Algorithm`].
///
/// ```
/// use sse_access::Algorithm;
///
/// let error = "none".parse::<Algorithm>().unwrap_err();
/// assert!(error.to_string().starts_with("there is no algorithm \"none\""));
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "there is no algorithm {name:?} here: HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, \
     ES256, ES384 and EdDSA are known"
)]
#[non_exhaustive]
pub struct AlgorithmError {
    /// What was given.
    pub name: String,
}
