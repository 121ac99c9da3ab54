use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use pem::{EncodeConfig, LineEnding, Pem};
use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
    rsa::KeyPair as RsaKeyPair,
    signature::{
        self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaPublicKeyComponents,
    },
};
use serde_json::{Value, json};

use super::{Algorithm, Key, KeyError, KeyKind, key::Contents, material::Material};

/// A key that signs tokens, for an issuer. A server that accepts tokens needs only a [`Key`].
///
/// ```
/// use serde_json::json;
/// use sse_access::{Algorithm, Keys, SigningKey};
///
/// let key = SigningKey::generate(Algorithm::Es256)?.with_id("2026");
/// let token = key.sign(&json!({ "exp": 4_000_000_000_u64, "sse": { "listen": ["news"] } }));
/// assert_eq!(token.split('.').count(), 3);
///
/// // The private key is kept by the issuer, the public one is given to servers.
/// let kept = key.contents().to_owned();
/// let public = json!({ "keys": [key.public_jwk()] });
/// assert!(SigningKey::from_contents(Algorithm::Es256, &kept).is_ok());
/// assert!(Keys::from_jwks(public.to_string().as_bytes()).is_ok());
/// # Ok::<(), sse_access::SigningKeyError>(())
/// ```
pub struct SigningKey {
    algorithm: Algorithm,
    pair: Pair,
    /// What is kept in a file.
    contents: Box<[u8]>,
    verifying: Key,
}

enum Pair {
    Secret(hmac::Key),
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// A new random key.
    ///
    /// A secret has as many random bytes as the hash of its algorithm, written in letters, digits, `-` and `_`, so
    /// that every tool takes it.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError::Generate`] for RSA, [`SigningKeyError::Random`] if the system has no random numbers.
    pub fn generate(algorithm: Algorithm) -> Result<Self, SigningKeyError> {
        let der = match algorithm.key_kind() {
            KeyKind::Secret => {
                let mut bytes = vec![0; secret_len(algorithm)];
                fill(&mut bytes)?;
                return Self::from_secret(
                    algorithm,
                    BASE64_URL_SAFE_NO_PAD.encode(bytes).as_bytes(),
                );
            }
            KeyKind::Rsa => return Err(SigningKeyError::Generate { algorithm }),
            KeyKind::P256 | KeyKind::P384 => {
                let pkcs8 = EcdsaKeyPair::generate_pkcs8(curve(algorithm), &SystemRandom::new());
                pkcs8.map_err(|_| SigningKeyError::Random)?.as_ref().to_vec()
            }
            KeyKind::Ed25519 => {
                let mut seed = [0; 32];
                fill(&mut seed)?;
                [ED25519_PKCS8, &seed].concat()
            }
        };
        let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
        let pem = pem::encode_config(&Pem::new("PRIVATE KEY", der), config);
        Self::from_pem(algorithm, pem.as_bytes())
    }

    /// A secret, with every byte of `secret`, a line end too.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError::Key`] as of [`Key::from_secret`].
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, SigningKeyError> {
        let verifying = Key::from_secret(&[algorithm], secret)?;
        let hash = match algorithm {
            Algorithm::Hs384 => hmac::HMAC_SHA384,
            Algorithm::Hs512 => hmac::HMAC_SHA512,
            _ => hmac::HMAC_SHA256,
        };
        let pair = Pair::Secret(hmac::Key::new(hash, secret));
        Ok(Self { algorithm, pair, contents: secret.into(), verifying })
    }

    /// The first private key of a PEM file: `PRIVATE KEY`, which is PKCS#8, or `RSA PRIVATE KEY`.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError::NoPem`], [`SigningKeyError::Sec1`] or [`SigningKeyError::Rejected`] for what is in it,
    /// and [`SigningKeyError::Key`] as of [`Key::from_pem`].
    pub fn from_pem(algorithm: Algorithm, pem: &[u8]) -> Result<Self, SigningKeyError> {
        let sections = pem::parse_many(pem).map_err(|_| SigningKeyError::NoPem)?;
        let private = sections.iter().find(|section| section.tag().ends_with("PRIVATE KEY"));
        let private = private.ok_or(SigningKeyError::NoPem)?;
        let is_pkcs1 = match private.tag() {
            "PRIVATE KEY" => false,
            "RSA PRIVATE KEY" => true,
            "EC PRIVATE KEY" => return Err(SigningKeyError::Sec1),
            _ => return Err(SigningKeyError::Encrypted),
        };
        let (pair, public) = Pair::new(algorithm, private.contents(), is_pkcs1)?;
        let verifying = Key::new(&[algorithm], public)?;
        Ok(Self { algorithm, pair, contents: pem.into(), verifying })
    }

    /// The key in a file with these `contents`: a PEM file, or a secret. The line end after a secret, which editors
    /// and `echo` add, does not count.
    ///
    /// # Errors
    ///
    /// As [`Self::from_pem`] or [`Self::from_secret`].
    pub fn from_contents(algorithm: Algorithm, contents: &[u8]) -> Result<Self, SigningKeyError> {
        match Contents::new(contents) {
            Contents::Pem(pem) => Self::from_pem(algorithm, pem),
            Contents::Secret(secret) => Self::from_secret(algorithm, secret),
        }
    }

    /// Sets its ID, which its tokens name in their header (`kid`).
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        self.verifying = self.verifying.with_id(id);
        self
    }

    /// Its ID.
    pub fn id(&self) -> Option<&str> {
        self.verifying.id()
    }

    /// The algorithm that it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What to keep in a secret file: the PEM file, or the bytes of the secret.
    pub fn contents(&self) -> &[u8] {
        &self.contents
    }

    /// The key that verifies its tokens.
    pub fn verifying_key(&self) -> Key {
        self.verifying.clone()
    }

    /// The public key as JSON, for a JWK set; `None` for a secret, which has no public half.
    ///
    /// # Source
    ///
    /// RFC 7517, [JSON Web Key Format](https://www.rfc-editor.org/rfc/rfc7517.html#section-4).
    pub fn public_jwk(&self) -> Option<Value> {
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.pair {
            Pair::Secret(_) => return None,
            Pair::Rsa(pair, _) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({ "kty": "RSA", "n": text(&public.n), "e": text(&public.e) })
            }
            Pair::Ec(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let crv = if self.algorithm == Algorithm::Es256 { "P-256" } else { "P-384" };
                json!({ "kty": "EC", "crv": crv, "x": text(x), "y": text(y) })
            }
            Pair::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref()) })
            }
        };
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm.name().into();
        if let Some(id) = self.id() {
            jwk["kid"] = id.into();
        }
        Some(jwk)
    }

    /// A token with these `claims`, which are not checked.
    ///
    /// # Panics
    ///
    /// If the system has no random numbers, which RSA and ECDSA need.
    pub fn sign(&self, claims: &Value) -> String {
        let mut header = json!({ "typ": "JWT", "alg": self.algorithm.name() });
        if let Some(id) = self.id() {
            header["kid"] = id.into();
        }
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let message = format!(
            "{}.{}",
            text(header.to_string().as_bytes()),
            text(claims.to_string().as_bytes())
        );
        let signature = text(&self.pair.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

impl Pair {
    fn new(
        algorithm: Algorithm,
        der: &[u8],
        is_pkcs1: bool,
    ) -> Result<(Self, Material), SigningKeyError> {
        let rejected = |error: ring::error::KeyRejected| SigningKeyError::Rejected {
            algorithm,
            why: error.to_string(),
        };
        match algorithm.key_kind() {
            KeyKind::Secret => Err(KeyError::PemAsSecret.into()),
            KeyKind::Rsa => {
                let pair =
                    if is_pkcs1 { RsaKeyPair::from_der(der) } else { RsaKeyPair::from_pkcs8(der) };
                let pair = pair.map_err(rejected)?;
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                let public = Material::rsa(&public.n, &public.e)?;
                Ok((Self::Rsa(Box::new(pair), padding(algorithm)), public))
            }
            KeyKind::P256 | KeyKind::P384 => {
                let pair = EcdsaKeyPair::from_pkcs8(curve(algorithm), der, &SystemRandom::new());
                let pair = pair.map_err(rejected)?;
                let point = pair.public_key().as_ref();
                let public = match algorithm {
                    Algorithm::Es256 => Material::p256(point)?,
                    _ => Material::p384(point)?,
                };
                Ok((Self::Ec(pair), public))
            }
            KeyKind::Ed25519 => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(rejected)?;
                let public = Material::ed25519(pair.public_key().as_ref())?;
                Ok((Self::Ed25519(pair), public))
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Secret(key) => hmac::sign(key, message).as_ref().to_vec(),
            Self::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*padding, &SystemRandom::new(), message, &mut signature).expect(
                    "the room is as long as the modulus, and the system has random numbers",
                );
                signature
            }
            Self::Ec(pair) => pair
                .sign(&SystemRandom::new(), message)
                .expect("the system has random numbers")
                .as_ref()
                .to_vec(),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

/// Shows nothing of the secret.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

fn fill(bytes: &mut [u8]) -> Result<(), SigningKeyError> {
    SystemRandom::new().fill(bytes).map_err(|_| SigningKeyError::Random)
}

/// # Source
///
/// RFC 7518, [HMAC with SHA-2 Functions](https://www.rfc-editor.org/rfc/rfc7518.html#section-3.2): a secret is at
/// least as long as the hash.
fn secret_len(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Hs384 => 48,
        Algorithm::Hs512 => 64,
        _ => 32,
    }
}

fn curve(algorithm: Algorithm) -> &'static EcdsaSigningAlgorithm {
    match algorithm {
        Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        _ => &ECDSA_P384_SHA384_FIXED_SIGNING,
    }
}

fn padding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        _ => &signature::RSA_PKCS1_SHA256,
    }
}

/// Precedes the seed of an Ed25519 key in PKCS#8. `ring` would add the public key, and OpenSSL 3.0 does not read
/// that form.
///
/// # Source
///
/// RFC 8410, [Private Key Format](https://www.rfc-editor.org/rfc/rfc8410.html#section-7).
const ED25519_PKCS8: &[u8] =
    &[0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// Why something is not a [`SigningKey`].
///
/// ```
/// use sse_access::{Algorithm, SigningKey, SigningKeyError};
///
/// let error = SigningKey::from_pem(Algorithm::Es256, b"not a PEM file").unwrap_err();
/// assert_eq!(error, SigningKeyError::NoPem);
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// RSA keys cannot be generated here.
    #[error(
        "a key for {algorithm} cannot be made here: `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048` makes one"
    )]
    Generate {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
    },
    /// The system has no random numbers.
    #[error("the system has no random numbers")]
    Random,
    /// There is no private key.
    #[error("there is no PEM section with a private key")]
    NoPem,
    /// The key of an elliptic curve is in the format SEC 1.
    #[error(
        "the key is in the format SEC 1: `openssl pkcs8 -topk8 -nodes -in FILE` writes it as PKCS#8"
    )]
    Sec1,
    /// The key is protected by a password.
    #[error("the key is encrypted: `openssl pkcs8 -topk8 -nodes -in FILE` decrypts it")]
    Encrypted,
    /// The key is damaged, or of another kind than the algorithm needs.
    #[error("this is no private key for {algorithm}: {why}")]
    Rejected {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
        /// The reason that `ring` gives.
        why: String,
    },
    /// The key cannot be used for verifying either.
    #[error(transparent)]
    Key(#[from] KeyError),
}
