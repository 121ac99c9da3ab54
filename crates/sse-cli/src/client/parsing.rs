use http::{HeaderName, HeaderValue, Uri, header};

/// An address of a server.
pub(super) fn url(text: &str) -> Result<Uri, AddressError> {
    address(text, &["http", "https"])
}

/// An address of a proxy.
pub(super) fn proxy(text: &str) -> Result<Uri, AddressError> {
    address(text, &["http", "https", "socks4", "socks4a", "socks5", "socks5h"])
}

fn address(text: &str, schemes: &'static [&'static str]) -> Result<Uri, AddressError> {
    let uri: Uri = text.parse().map_err(|_| AddressError { schemes })?;
    let is_known = uri.scheme_str().is_some_and(|scheme| schemes.contains(&scheme));
    match is_known && uri.host().is_some_and(|host| !host.is_empty()) {
        true => Ok(uri),
        false => Err(AddressError { schemes }),
    }
}

/// A header as `Name: value`, which stays at its origin unless its name tells that it is no secret.
pub(super) fn header(text: &str) -> Result<(HeaderName, HeaderValue), HeaderError> {
    let (name, value) = text.split_once(':').ok_or(HeaderError)?;
    let name = name.parse().map_err(|_| HeaderError)?;
    let mut value = HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| HeaderError)?;
    // Nobody can know all names under which servers want a secret.
    value.set_sensitive(!WITHOUT_SECRETS.contains(&name));
    Ok((name, value))
}

/// A text that is no address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected an address that begins with {}", shown(schemes))]
pub(super) struct AddressError {
    schemes: &'static [&'static str],
}

/// A text that is no header.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a header as `Name: value`")]
pub(super) struct HeaderError;

fn shown(schemes: &[&str]) -> String {
    schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(", ")
}

const WITHOUT_SECRETS: [HeaderName; 6] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::CACHE_CONTROL,
    header::CONTENT_TYPE,
    HeaderName::from_static("last-event-id"),
    header::USER_AGENT,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_absolute_and_of_the_schemes_that_are_spoken() {
        for (text, is_url, is_proxy) in [
            ("http://a.example", true, true),
            ("https://me:secret@a.example:1/x?y", true, true),
            ("socks5h://a.example:1080", false, true),
            ("ftp://a.example/", false, false),
            ("a.example/x", false, false),
            ("/x", false, false),
            ("http://", false, false),
            ("http://a b/", false, false),
        ] {
            assert_eq!((url(text).is_ok(), proxy(text).is_ok()), (is_url, is_proxy), "{text}");
        }
    }

    #[test]
    fn headers_are_a_name_and_a_value() {
        for (text, value) in [
            ("A-B: c", Some("c")),
            ("a-b:c: d ", Some("c: d")),
            ("a-b:", Some("")),
            ("a-b", None),
            (": c", None),
            ("a b: c", None),
            ("a: b\nc: d", None),
        ] {
            let parsed = header(text).ok();
            let parsed = parsed.map(|(_, value)| value.to_str().unwrap().to_owned());

            assert_eq!(parsed.as_deref(), value, "{text:?}");
        }
    }

    #[test]
    fn headers_are_secrets_but_for_a_few() {
        for (text, is_secret) in [
            ("X-Api-Key: c", true),
            ("Authorization: c", true),
            ("Accept: c", false),
            ("accept-language: c", false),
            ("CONTENT-TYPE: c", false),
            ("User-Agent: c", false),
            ("Last-Event-ID: c", false),
            ("Cache-Control: c", false),
        ] {
            assert_eq!(header(text).unwrap().1.is_sensitive(), is_secret, "{text}");
        }
    }
}
