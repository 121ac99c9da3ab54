use http::{HeaderName, HeaderValue, header};

/// A header as `Name: value`, which stays at its origin unless its name tells that it is no secret.
pub(super) fn parse(text: &str) -> Result<(HeaderName, HeaderValue), HeaderError> {
    let (name, value) = text.split_once(':').ok_or(HeaderError)?;
    let name = name.parse().map_err(|_| HeaderError)?;
    let mut value = HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| HeaderError)?;
    // Nobody can know all names under which servers want a secret.
    value.set_sensitive(!WITHOUT_SECRETS.contains(&name));
    Ok((name, value))
}

/// A text that is no header.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a header as `Name: value`")]
pub(super) struct HeaderError;

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
            let parsed = parse(text).ok();
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
            assert_eq!(parse(text).unwrap().1.is_sensitive(), is_secret, "{text}");
        }
    }
}
