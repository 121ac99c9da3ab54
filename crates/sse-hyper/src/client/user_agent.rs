use http::HeaderValue;

/// How a client names itself.
///
/// # Source
///
/// RFC 9110, section 10.1.5.
pub(super) fn user_agent() -> HeaderValue {
    HeaderValue::from_static(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
}
