use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::Value;

/// What a token says, whether or not it is true.
#[derive(Debug, Serialize)]
pub(crate) struct Signed {
    header: Value,
    claims: Value,
}

impl Signed {
    /// Reads a token in its compact form.
    pub(crate) fn parse(token: &str) -> Result<Self, SignedError> {
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(_signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SignedError::NoToken);
        };
        Ok(Self {
            header: read(header).ok_or(SignedError::Header)?,
            claims: read(claims).ok_or(SignedError::Claims)?,
        })
    }

    /// What it calls the key that it is signed with.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.header.get("kid")?.as_str()
    }

    /// Which token it is, so that it can be revoked alone.
    pub(crate) fn id(&self) -> Option<&str> {
        self.claims.get("jti")?.as_str()
    }

    /// Who it is for.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.claims.get("sub")?.as_str()
    }

    /// When it ends, since the beginning of 1970 in UTC.
    pub(crate) fn end(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.claims.get("exp")?.as_f64()?).ok()
    }
}

/// A part of a token, which is an object of JSON.
fn read(part: &str) -> Option<Value> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&json).ok().filter(Value::is_object)
}

/// Why a text is no token. It is not repeated, since it may be a secret all the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum SignedError {
    #[error("this is no token: three parts with dots between them are one")]
    NoToken,
    #[error("this is no token: its first part is not an object of JSON in base64 for URLs")]
    Header,
    #[error("this is no token: its second part is not an object of JSON in base64 for URLs")]
    Claims,
}
