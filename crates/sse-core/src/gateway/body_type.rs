use http::{HeaderMap, HeaderValue, header};

use crate::refused::shown;

/// Sees that a body is text as it stands: in UTF-8, and not encoded otherwise.
///
/// # Source
///
/// RFC 9110, [415 Unsupported Media Type][spec]; Encoding Standard, [Names and labels][labels].
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc9110.html#name-415-unsupported-media-type
/// [labels]: https://encoding.spec.whatwg.org/#names-and-labels
pub(super) fn check(headers: &HeaderMap) -> Result<(), BodyTypeError> {
    for value in headers.get_all(header::CONTENT_ENCODING) {
        for coding in value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            if !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity") {
                return Err(BodyTypeError::Coding { coding: shown(coding) });
            }
        }
    }
    for value in headers.get_all(header::CONTENT_TYPE) {
        if let Some(charset) = charset(value.as_bytes())
            && !UTF_8.iter().any(|label| charset.eq_ignore_ascii_case(label.as_bytes()))
        {
            return Err(BodyTypeError::Charset { charset: shown(&charset) });
        }
    }
    Ok(())
}

/// Whether each line of the body is to be an event.
pub(super) fn is_batch(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let essence = content_type.and_then(|value| value.split(|&byte| byte == b';').next());
    essence.is_some_and(|essence| essence.trim_ascii().eq_ignore_ascii_case(NDJSON))
}

/// Why a body could not be read as text.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum BodyTypeError {
    #[error("Charset {charset} is not supported: send UTF-8")]
    Charset { charset: String },
    #[error("Content-Encoding {coding} is not supported: send the data as it is")]
    Coding { coding: String },
}

/// The parameter `charset`, without its quotes; the first one counts.
fn charset(content_type: &[u8]) -> Option<Vec<u8>> {
    let mut rest = &content_type[content_type.iter().position(|&byte| byte == b';')?..];
    while let Some(parameters) = rest.strip_prefix(b";") {
        let name_len = parameters.iter().position(|byte| b";=".contains(byte));
        let (name, after) = parameters.split_at(name_len.unwrap_or(parameters.len()));
        let Some(value) = after.strip_prefix(b"=") else {
            rest = after;
            continue;
        };
        let (value, after) = parameter_value(value);
        if name.trim_ascii().eq_ignore_ascii_case(b"charset") {
            return Some(value);
        }
        rest = after;
    }
    None
}

/// A token or a quoted string, and what comes behind it from the next semicolon on.
fn parameter_value(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let end = |text: &[u8]| text.iter().position(|&byte| byte == b';').unwrap_or(text.len());
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let (value, rest) = text.split_at(end(text));
        return (value.trim_ascii().to_vec(), rest);
    };
    let (mut value, mut bytes) = (Vec::new(), quoted.iter().enumerate());
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'"' => {
                let rest = &quoted[at + 1..];
                return (value, &rest[end(rest)..]);
            }
            b'\\' => value.extend(bytes.next().map(|(_, &escaped)| escaped)),
            plain => value.push(plain),
        }
    }
    (value, b"")
}

/// The labels of UTF-8, and those of ASCII, which is part of it.
const UTF_8: [&str; 8] = [
    "utf-8",
    "utf8",
    "unicode-1-1-utf-8",
    "unicode11utf8",
    "unicode20utf8",
    "x-unicode20utf8",
    "us-ascii",
    "ascii",
];
const NDJSON: &[u8] = b"application/x-ndjson";

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(name: &'static str, value: &str) -> Result<(), String> {
        let value = HeaderValue::try_from(value).unwrap();
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), value)]);
        check(&headers).map_err(|error| error.to_string())
    }

    #[test]
    fn a_charset_other_than_utf_8_is_named() {
        for (content_type, refused) in [
            ("text/plain", None),
            ("text/plain;charset=UTF-8", None),
            ("text/plain; Charset=\"utf-8\"", None),
            ("text/plain; charset=utf8; x=y", None),
            ("text/plain; charset=us-ascii", None),
            ("text/plain; charset", None),
            ("text/plain; x=\"; charset=utf-16\"", None),
            ("text/plain; xcharset=utf-16", None),
            ("junk", None),
            ("text/plain; charset=utf-16le", Some("utf-16le")),
            ("text/plain; charset=\"UTF-16\"", Some("UTF-16")),
            ("text/plain; charset = latin1 ; a=b", Some("latin1")),
            ("text/plain; a=b; charset=\"lat\\in1\"", Some("latin1")),
            ("application/json; x; charset=iso-8859-1", Some("iso-8859-1")),
            ("text/plain; charset=", Some("")),
            ("text/plain; charset=utf-16; charset=utf-8", Some("utf-16")),
        ] {
            let expected = refused
                .map_or(Ok(()), |it| Err(format!("Charset {it} is not supported: send UTF-8")));
            assert_eq!(checked("content-type", content_type), expected, "{content_type}");
        }
    }

    #[test]
    fn a_coding_other_than_identity_is_named() {
        for (codings, refused) in [
            ("identity", None),
            ("", None),
            ("Identity, identity", None),
            ("gzip", Some("gzip")),
            ("identity, br", Some("br")),
            ("none", Some("none")),
        ] {
            let expected = refused.map_or(Ok(()), |it| {
                Err(format!("Content-Encoding {it} is not supported: send the data as it is"))
            });
            assert_eq!(checked("content-encoding", codings), expected, "{codings}");
        }
    }
}
