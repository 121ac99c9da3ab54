use std::fmt;

use super::{Algorithm, KeyKind, material::Material};
use crate::known_key::is_pem;

/// A key that verifies tokens: a public key or a secret, with the algorithms that it may be used with.
///
/// Each key has its own list, so that a token cannot choose: otherwise it could use a public key as the secret of an
/// HMAC.
///
/// ```
/// use sse_access::{Algorithm, Key, KeyError, KeyKind};
///
/// let key = Key::from_secret(&[Algorithm::Hs256], b"32 bytes that nobody else can guess")?;
/// assert_eq!(key.with_id("2026").id(), Some("2026"));
///
/// let wrong = Key::from_secret(&[Algorithm::Rs256], b"32 bytes that nobody else can guess");
/// assert_eq!(
///     wrong.unwrap_err(),
///     KeyError::Mismatch { kind: KeyKind::Secret, algorithm: Algorithm::Rs256 }
/// );
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone)]
pub struct Key {
    material: Material,
    algorithms: Box<[Algorithm]>,
    id: Option<Box<str>>,
}

impl Key {
    /// A secret, with every byte of `secret`, a line end too.
    ///
    /// # Errors
    ///
    /// [`KeyError::ShortSecret`] below 32 bytes, [`KeyError::PemAsSecret`] for a PEM file,
    /// [`KeyError::KeyAsSecret`] for a JWK set, a JWK and DER, and [`KeyError::Mismatch`] or
    /// [`KeyError::NoAlgorithm`] for the list.
    pub fn from_secret(algorithms: &[Algorithm], secret: &[u8]) -> Result<Self, KeyError> {
        Self::new(algorithms, Material::secret(secret)?)
    }

    /// The first public key (`PUBLIC KEY`, `RSA PUBLIC KEY`) or certificate of a PEM file. Of a certificate only
    /// the key counts: neither when it ends nor who signed it.
    ///
    /// # Errors
    ///
    /// [`KeyError::NoPem`], [`KeyError::Private`], [`KeyError::Unsupported`], [`KeyError::Malformed`] or
    /// [`KeyError::RsaSize`] for what is in it, and [`KeyError::Mismatch`] or [`KeyError::NoAlgorithm`] for the
    /// list.
    ///
    /// # Source
    ///
    /// RFC 7468, [Textual Encoding of Subject Public Key Info][spec].
    ///
    /// [spec]: https://www.rfc-editor.org/rfc/rfc7468.html#section-13
    pub fn from_pem(algorithms: &[Algorithm], pem: &[u8]) -> Result<Self, KeyError> {
        Self::new(algorithms, Material::from_pem(pem)?)
    }

    /// The key in a file with these `contents`: a PEM file, or a secret. The line end after a secret, which editors
    /// and `echo` add, does not count.
    ///
    /// # Errors
    ///
    /// As [`Self::from_pem`] or [`Self::from_secret`].
    pub fn from_contents(algorithms: &[Algorithm], contents: &[u8]) -> Result<Self, KeyError> {
        match Contents::new(contents) {
            Contents::Pem(pem) => Self::from_pem(algorithms, pem),
            Contents::Secret(secret) => Self::from_secret(algorithms, secret),
        }
    }

    pub(super) fn new(algorithms: &[Algorithm], material: Material) -> Result<Self, KeyError> {
        let kind = material.kind();
        if algorithms.is_empty() {
            return Err(KeyError::NoAlgorithm);
        }
        match algorithms.iter().find(|algorithm| algorithm.key_kind() != kind) {
            Some(&algorithm) => Err(KeyError::Mismatch { kind, algorithm }),
            None => Ok(Self { material, algorithms: algorithms.into(), id: None }),
        }
    }

    /// Sets its ID. A token that names a key in its header (`kid`) is verified only with keys of that ID.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Its ID.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The algorithms that it may be used with.
    pub fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.algorithms.contains(&algorithm)
            && self.material.verifies(algorithm, message, signature)
    }
}

/// Shows its ID and its algorithms, but no secret.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

/// What a file with a key may hold.
pub(super) enum Contents<'a> {
    Pem(&'a [u8]),
    Secret(&'a [u8]),
}

impl<'a> Contents<'a> {
    pub(super) fn new(contents: &'a [u8]) -> Self {
        if is_pem(contents) {
            return Self::Pem(contents);
        }
        let line = contents.strip_suffix(b"\n").unwrap_or(contents);
        Self::Secret(
            line.strip_suffix(b"\r").filter(|_| line.len() < contents.len()).unwrap_or(line),
        )
    }
}

/// Why something is not a [`Key`].
///
/// ```
/// use sse_access::{Algorithm, Key, KeyError};
///
/// let error = Key::from_secret(&[Algorithm::Hs256], b"guess me").unwrap_err();
/// assert_eq!(error, KeyError::ShortSecret { len: 8 });
/// assert_eq!(error.to_string(), "a secret of 8 bytes is too short: at least 32 are needed");
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No algorithm is allowed.
    #[error("a key needs at least one algorithm that it may be used with")]
    NoAlgorithm,
    /// The algorithm needs another kind of key.
    #[error("{kind} cannot be used with {algorithm}, which needs {}", algorithm.key_kind())]
    Mismatch {
        /// What the key is.
        kind: KeyKind,
        /// The algorithm that was asked for.
        algorithm: Algorithm,
    },
    /// The JWK names an unknown algorithm.
    #[error("the key is for the algorithm {name:?}, which is not known here")]
    UnknownAlgorithm {
        /// Its name.
        name: String,
    },
    /// The JWK is a secret without `alg`.
    #[error("a secret has to say in `alg` with which algorithm it may be used")]
    SecretWithoutAlgorithm,
    /// The secret is so short that it can be guessed.
    #[error("a secret of {len} bytes is too short: at least {} are needed", Self::MIN_SECRET_LEN)]
    ShortSecret {
        /// Its length in bytes.
        len: usize,
    },
    /// A PEM file is given as a secret.
    #[error("this is a PEM file: a key in it, which others may know, cannot be used as a secret")]
    PemAsSecret,
    /// A key in a JWK, a JWK set or DER is given as a secret.
    #[error(
        "this is a JWK or DER file: a key in it, which others may know, cannot be used as a secret"
    )]
    KeyAsSecret,
    /// The RSA key is too small to be safe or too large to be used.
    #[error(
        "an RSA key of {bits} bits cannot be used: it has to have {} to {}",
        Self::MIN_RSA_BITS,
        Self::MAX_RSA_BITS
    )]
    RsaSize {
        /// The length of its modulus in bits.
        bits: usize,
    },
    /// There is neither a public key nor a certificate.
    #[error("there is no PEM section with a public key or a certificate")]
    NoPem,
    /// It is a private key, where a public one is enough.
    #[error("this is a private key: verifying needs only the public one, so keep it elsewhere")]
    Private,
    /// The kind of key, or its curve, is unknown.
    #[error("keys of this kind are not known here: RSA, P-256, P-384 and Ed25519 are")]
    Unsupported,
    /// A part is missing, has the wrong length, or is not a point of the curve.
    #[error("the key is damaged")]
    Malformed,
    /// The JWK is not for verifying signatures.
    #[error("the key is not for verifying signatures")]
    OtherUse,
}

impl KeyError {
    /// The shortest secret, in bytes.
    ///
    /// # Source
    ///
    /// RFC 7518, [HMAC with SHA-2 Functions][spec]: at least as long as the hash, the shortest of which has 256 bits.
    ///
    /// [spec]: https://www.rfc-editor.org/rfc/rfc7518.html#section-3.2
    pub const MIN_SECRET_LEN: usize = 32;
    /// The smallest RSA key, in bits.
    ///
    /// # Source
    ///
    /// RFC 7518, [Digital Signature with RSASSA-PKCS1-v1_5][spec].
    ///
    /// [spec]: https://www.rfc-editor.org/rfc/rfc7518.html#section-3.3
    pub const MIN_RSA_BITS: usize = 2048;
    /// The largest RSA key, in bits: the bound of `ring`.
    pub const MAX_RSA_BITS: usize = 8192;
}
