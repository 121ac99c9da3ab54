use std::time::{Instant, SystemTime, UNIX_EPOCH};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::{Value, json};
use sse_access::{Algorithm, Jwt, JwtError, Key, Keys};

/// The secret of [`hs256`].
pub(crate) const SECRET: &[u8] = b"a secret of more than thirty-two bytes";

/// Takes tokens that [`signed`] makes.
pub(crate) fn hs256() -> Jwt {
    Jwt::new(Keys::new().with_key(Key::from_secret(&[Algorithm::Hs256], SECRET).unwrap()))
}

/// A token whose header and claims are these, signed with [`SECRET`].
pub(crate) fn signed(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), message.as_bytes());
    format!("{message}.{}", encoded(signature))
}

/// A token with these claims, signed with [`SECRET`].
pub(crate) fn token(claims: &Value) -> String {
    signed(r#"{"alg":"HS256"}"#, claims.to_string())
}

/// A token that is valid for an hour, and may listen on everything.
pub(crate) fn valid_token() -> String {
    token(&valid_claims())
}

pub(crate) fn valid_claims() -> Value {
    json!({ "exp": unix() + 3600, "sse": { "listen": ["*"] } })
}

/// Why `jwt` refuses `token`.
pub(crate) fn refused(jwt: &Jwt, token: &str) -> JwtError {
    jwt.verify(token, Instant::now()).expect_err("it is refused")
}

/// Seconds since the beginning of 1970.
pub(crate) fn unix() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

pub(crate) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decoded(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}
