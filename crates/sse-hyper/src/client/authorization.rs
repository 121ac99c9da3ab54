use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderValue;

/// The value of `Authorization` for basic authentication (RFC 7617, as UTF-8).
pub(super) fn basic(user: &str, password: &str) -> HeaderValue {
    let encoded = STANDARD.encode(format!("{user}:{password}"));
    let mut value =
        HeaderValue::try_from(format!("Basic {encoded}")).expect("base64 fits in a header");
    value.set_sensitive(true);
    value
}
