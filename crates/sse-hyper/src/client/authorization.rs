use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, Uri, header, uri::Authority};
use percent_encoding::percent_decode_str;

/// The value of `Authorization` for basic authentication (RFC 7617, as UTF-8).
pub(super) fn basic(user: &str, password: &str) -> HeaderValue {
    let encoded = STANDARD.encode(format!("{user}:{password}"));
    let mut value =
        HeaderValue::try_from(format!("Basic {encoded}")).expect("base64 fits in a header");
    value.set_sensitive(true);
    value
}

/// `uri` without its user, who belongs in no request, and what the user is as a header.
pub(super) fn without_user(uri: Uri) -> (Uri, Option<HeaderValue>) {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let Some((user, host)) = authority.rsplit_once('@') else { return (uri, None) };
    let (user, password) = user_of(user);
    let host = host.parse().expect("it was one with its user");
    (with_authority(uri, host), Some(basic(&user, &password)))
}

/// The user and the password in what stands before the `@` of an address.
pub(super) fn user_of(text: &str) -> (String, String) {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    (decoded(user), decoded(password))
}

/// `uri` with `***` in place of its user and password.
pub(super) fn with_hidden_user(uri: Uri) -> Uri {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let Some((_, host)) = authority.rsplit_once('@') else { return uri };
    let hidden = format!("***@{host}").parse().expect("it was one with another user");
    with_authority(uri, hidden)
}

fn with_authority(uri: Uri, authority: Authority) -> Uri {
    let mut parts = uri.into_parts();
    parts.authority = Some(authority);
    Uri::from_parts(parts).expect("only the user is another")
}

/// `value` of the header `name`, marked as sensitive if it holds a secret, so that `Debug` hides it.
pub(super) fn marked(name: &HeaderName, mut value: HeaderValue) -> HeaderValue {
    if SECRET.contains(name) {
        value.set_sensitive(true);
    }
    value
}

const SECRET: [HeaderName; 3] =
    [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];
