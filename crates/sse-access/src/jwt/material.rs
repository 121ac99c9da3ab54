use std::fmt;

use ring::{
    agreement::{self, EphemeralPrivateKey, agree_ephemeral},
    hmac,
    rand::SystemRandom,
    signature::{RsaPublicKeyComponents, UnparsedPublicKey},
};

use super::{
    Algorithm, KeyError,
    algorithm::Verification,
    der::{Der, EXPLICIT_0, INTEGER, OID, SEQUENCE, without_zeros},
};
use crate::known_key::{is_der, is_jwk, is_pem};

/// The kind of a key, which decides with which algorithms it can be used.
///
/// ```
/// use sse_access::{Algorithm, KeyKind};
///
/// assert_eq!(Algorithm::Hs256.key_kind(), KeyKind::Secret);
/// assert_eq!(KeyKind::P256.to_string(), "a key of the curve P-256");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyKind {
    /// Bytes that both sides know.
    Secret,
    /// An RSA key.
    Rsa,
    /// A point of the curve P-256.
    P256,
    /// A point of the curve P-384.
    P384,
    /// A point of Ed25519.
    Ed25519,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret => "a secret",
            Self::Rsa => "an RSA key",
            Self::P256 => "a key of the curve P-256",
            Self::P384 => "a key of the curve P-384",
            Self::Ed25519 => "an Ed25519 key",
        })
    }
}

/// A secret, or a public key that has been checked.
#[derive(Clone)]
pub(super) enum Material {
    Secret(Box<[u8]>),
    Rsa(RsaPublicKeyComponents<Box<[u8]>>),
    Point(KeyKind, Box<[u8]>),
}

impl Material {
    pub(super) fn secret(secret: &[u8]) -> Result<Self, KeyError> {
        if is_pem(secret) {
            return Err(KeyError::PemAsSecret);
        }
        if is_jwk(secret) || is_der(secret) {
            return Err(KeyError::KeyAsSecret);
        }
        if secret.len() < KeyError::MIN_SECRET_LEN {
            return Err(KeyError::ShortSecret { len: secret.len() });
        }
        Ok(Self::Secret(secret.into()))
    }

    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let (n, e) = (without_zeros(n), without_zeros(e));
        let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
        if !(KeyError::MIN_RSA_BITS..=KeyError::MAX_RSA_BITS).contains(&bits) {
            return Err(KeyError::RsaSize { bits });
        }
        // The bounds are those of `ring`, which would refuse every signature otherwise.
        let is_usual = e.len() <= 4 && e != [1] && e.last().is_some_and(|last| last & 1 == 1);
        if !is_usual || n.last().is_some_and(|last| last & 1 == 0) {
            return Err(KeyError::Malformed);
        }
        Ok(Self::Rsa(RsaPublicKeyComponents { n: n.into(), e: e.into() }))
    }

    /// A point of a curve, uncompressed: the byte 4 and both coordinates.
    pub(super) fn p256(point: &[u8]) -> Result<Self, KeyError> {
        if !is_on(&agreement::ECDH_P256, point) {
            return Err(KeyError::Malformed);
        }
        Ok(Self::Point(KeyKind::P256, point.into()))
    }

    /// As [`Self::p256`].
    pub(super) fn p384(point: &[u8]) -> Result<Self, KeyError> {
        if !is_on(&agreement::ECDH_P384, point) {
            return Err(KeyError::Malformed);
        }
        Ok(Self::Point(KeyKind::P384, point.into()))
    }

    pub(super) fn ed25519(point: &[u8]) -> Result<Self, KeyError> {
        if point.len() != 32 {
            return Err(KeyError::Malformed);
        }
        Ok(Self::Point(KeyKind::Ed25519, point.into()))
    }

    /// The first public key or certificate of a file.
    pub(super) fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let sections = pem::parse_many(text).map_err(|_| KeyError::NoPem)?;
        for section in &sections {
            let mut der = Der::new(section.contents());
            return match section.tag() {
                "PUBLIC KEY" => Self::from_spki(&mut der),
                "RSA PUBLIC KEY" => Self::from_pkcs1(&mut der),
                "CERTIFICATE" => {
                    let mut subject = subject_key(&mut der).ok_or(KeyError::Malformed)?;
                    Self::from_spki(&mut subject)
                }
                _ => continue,
            };
        }
        let is_private = sections.iter().any(|section| section.tag().ends_with("PRIVATE KEY"));
        Err(if is_private { KeyError::Private } else { KeyError::NoPem })
    }

    fn from_spki(der: &mut Der<'_>) -> Result<Self, KeyError> {
        let mut spki = der.sequence().ok_or(KeyError::Malformed)?;
        let mut algorithm = spki.sequence().ok_or(KeyError::Malformed)?;
        let name = algorithm.read(OID).ok_or(KeyError::Malformed)?;
        let key = spki.bytes().ok_or(KeyError::Malformed)?;
        match name {
            RSA => Self::from_pkcs1(&mut Der::new(key)),
            ED25519 => Self::ed25519(key),
            EC => match algorithm.read(OID) {
                Some(P256) => Self::p256(key),
                Some(P384) => Self::p384(key),
                _ => Err(KeyError::Unsupported),
            },
            _ => Err(KeyError::Unsupported),
        }
    }

    fn from_pkcs1(der: &mut Der<'_>) -> Result<Self, KeyError> {
        let mut key = der.sequence().ok_or(KeyError::Malformed)?;
        match (key.unsigned(), key.unsigned(), key.is_empty()) {
            (Some(n), Some(e), true) => Self::rsa(n, e),
            _ => Err(KeyError::Malformed),
        }
    }

    pub(super) fn kind(&self) -> KeyKind {
        match self {
            Self::Secret(_) => KeyKind::Secret,
            Self::Rsa(_) => KeyKind::Rsa,
            Self::Point(kind, _) => *kind,
        }
    }

    /// Whether `signature` is a signature of `message` by `algorithm`.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm.verification()) {
            (Self::Secret(secret), Verification::Hmac(hash)) => {
                hmac::verify(&hmac::Key::new(hash, secret), message, signature).is_ok()
            }
            (Self::Rsa(key), Verification::Rsa(how)) => key.verify(how, message, signature).is_ok(),
            (Self::Point(_, point), Verification::Point(how)) => {
                UnparsedPublicKey::new(how, point).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }
}

/// The public key of a certificate, which is all of it that counts.
fn subject_key<'a>(certificate: &mut Der<'a>) -> Option<Der<'a>> {
    let mut signed = certificate.sequence()?.sequence()?;
    // Certificates of version 1 do not have the version.
    let _ = signed.read(EXPLICIT_0);
    signed.read(INTEGER)?;
    // Its algorithm, the issuer, the validity, the subject.
    for _ in 0..4 {
        signed.read(SEQUENCE)?;
    }
    Some(signed)
}

/// Whether `point` lies on `curve`. Without a signature `ring` checks that only in a key agreement, so this makes
/// one and throws its result away.
fn is_on(curve: &'static agreement::Algorithm, point: &[u8]) -> bool {
    EphemeralPrivateKey::generate(curve, &SystemRandom::new()).is_ok_and(|own| {
        agree_ephemeral(own, &agreement::UnparsedPublicKey::new(curve, point), |_| ()).is_ok()
    })
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
