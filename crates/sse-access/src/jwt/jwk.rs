use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;

use super::{Algorithm, Key, KeyError, KeyKind, material::Material};

/// A key as JSON.
#[derive(Deserialize)]
pub(super) struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    k: Option<String>,
    /// Present in a private key; its value is not looked at.
    d: Option<Value>,
}

impl Jwk {
    pub(super) fn read(json: &Value) -> Result<Self, KeyError> {
        if !json.is_object() {
            return Err(KeyError::Malformed);
        }
        Self::deserialize(json).map_err(|_| KeyError::Malformed)
    }

    pub(super) fn into_key(self) -> Result<Key, KeyError> {
        let is_for_signatures = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let is_for_verifying =
            self.key_ops.as_ref().is_none_or(|all| all.iter().any(|one| one == "verify"));
        if !(is_for_signatures && is_for_verifying) {
            return Err(KeyError::OtherUse);
        }
        if self.d.is_some() {
            return Err(KeyError::Private);
        }
        let material = self.material()?;
        let key = match &self.alg {
            Some(name) => {
                let unknown = |_| KeyError::UnknownAlgorithm { name: name.clone() };
                Key::new(&[name.parse().map_err(unknown)?], material)?
            }
            None => Key::new(usual_algorithms(material.kind())?, material)?,
        };
        Ok(match &self.kid {
            Some(id) => key.with_id(id),
            None => key,
        })
    }

    /// # Source
    ///
    /// RFC 7518, [Cryptographic Algorithms for Keys][spec].
    ///
    /// [spec]: https://www.rfc-editor.org/rfc/rfc7518.html#section-6
    fn material(&self) -> Result<Material, KeyError> {
        match (&*self.kty, self.crv.as_deref()) {
            ("oct", _) => Material::secret(&decoded(&self.k)?),
            ("RSA", _) => Material::rsa(&decoded(&self.n)?, &decoded(&self.e)?),
            ("EC", Some("P-256")) => Material::p256(&self.point()?),
            ("EC", Some("P-384")) => Material::p384(&self.point()?),
            ("OKP", Some("Ed25519")) => Material::ed25519(&decoded(&self.x)?),
            _ => Err(KeyError::Unsupported),
        }
    }

    fn point(&self) -> Result<Vec<u8>, KeyError> {
        let (x, y) = (decoded(&self.x)?, decoded(&self.y)?);
        if x.len() != y.len() {
            return Err(KeyError::Malformed);
        }
        Ok([&[4][..], &x, &y].concat())
    }
}

fn decoded(member: &Option<String>) -> Result<Vec<u8>, KeyError> {
    let text = member.as_ref().ok_or(KeyError::Malformed)?;
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Malformed)
}

/// The algorithms of a key that names none.
fn usual_algorithms(kind: KeyKind) -> Result<&'static [Algorithm], KeyError> {
    Ok(match kind {
        KeyKind::Secret => return Err(KeyError::SecretWithoutAlgorithm),
        KeyKind::Rsa => &[Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512],
        KeyKind::P256 => &[Algorithm::Es256],
        KeyKind::P384 => &[Algorithm::Es384],
        KeyKind::Ed25519 => &[Algorithm::EdDsa],
    })
}
