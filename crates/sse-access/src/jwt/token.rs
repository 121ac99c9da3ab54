use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::JwtError;
use crate::claims::{Object, present};

/// The parts of a token in its compact form.
pub(super) struct SignedToken<'a> {
    pub(super) header: Header,
    /// What is signed.
    pub(super) message: &'a [u8],
    payload: &'a str,
    pub(super) signature: Vec<u8>,
}

impl<'a> SignedToken<'a> {
    /// # Source
    ///
    /// RFC 7515, [JWS Compact Serialization](https://www.rfc-editor.org/rfc/rfc7515.html#section-7.1): three parts
    /// of base64, for URLs and not padded.
    pub(super) fn parse(token: &'a str) -> Result<Self, JwtError> {
        if JwtError::MAX_LEN < token.len() {
            return Err(JwtError::TooLong { len: token.len() });
        }
        let (message, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(JwtError::Malformed)?;
        if payload.contains('.') {
            return Err(JwtError::Malformed);
        }
        Ok(Self {
            header: Header::parse(&decoded(header)?)?,
            message: message.as_bytes(),
            payload,
            signature: decoded(signature)?,
        })
    }

    /// The claims, as JSON. Verify the signature first.
    pub(super) fn claims(&self) -> Result<Vec<u8>, JwtError> {
        BASE64_URL_SAFE_NO_PAD.decode(self.payload).map_err(|_| JwtError::Claims)
    }
}

fn decoded(part: &str) -> Result<Vec<u8>, JwtError> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Malformed)
}

/// The header of a token, which says how it is signed. Keys and URLs of keys in it are ignored.
///
/// # Source
///
/// RFC 7515, [JOSE Header](https://www.rfc-editor.org/rfc/rfc7515.html#section-4).
#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) alg: String,
    #[serde(default, deserialize_with = "present")]
    pub(super) kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    /// Whether it has extensions that must be understood. None is.
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
    /// Whether the payload is compressed.
    #[serde(default, deserialize_with = "is_there")]
    zip: bool,
}

impl Header {
    fn parse(json: &[u8]) -> Result<Self, JwtError> {
        let header: Self = Object::parse(json).map_err(|_| JwtError::Malformed)?;
        if header.crit || header.zip {
            return Err(JwtError::Extension);
        }
        let is_access_token = header.typ.as_ref().is_none_or(|typ| {
            let typ = typ.to_ascii_lowercase();
            matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
        });
        if is_access_token { Ok(header) } else { Err(JwtError::Type) }
    }
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}
