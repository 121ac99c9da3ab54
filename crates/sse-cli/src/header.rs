use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::Path,
};

use http::{
    HeaderName, HeaderValue,
    header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING},
};

use crate::data::{self, ReadError};

/// The headers that the values of `option` stand for: each is one as `Name: value`, or `@FILE` with one on
/// each line, or `@-` for those on standard input.
pub(crate) fn read(
    option: &'static str,
    typed: Vec<OsString>,
) -> Result<Vec<(HeaderName, HeaderValue)>, HeaderError> {
    let mut headers = Vec::new();
    for (text, number) in typed.iter().zip(1..) {
        let Some(file) = text.as_bytes().strip_prefix(b"@") else {
            let header = parse(text.as_bytes());
            headers.push(header.map_err(|flaw| HeaderError::Typed { option, number, flaw })?);
            continue;
        };
        let file = Path::new(OsStr::from_bytes(file));
        let lines = data::read_file(file).map_err(|source| HeaderError::Read { option, source })?;
        for (line, number) in lines.split(|&byte| byte == b'\n').zip(1..) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let header = parse(line.strip_suffix(b"\r").unwrap_or(line));
            let file = data::name(file);
            headers.push(header.map_err(|flaw| HeaderError::Line {
                option,
                number,
                file,
                flaw,
            })?);
        }
    }
    Ok(headers)
}

/// Reads one header. One that is refused may be a secret.
pub(crate) fn parse(text: &[u8]) -> Result<(HeaderName, HeaderValue), Flaw> {
    let colon = text.iter().position(|&byte| byte == b':').ok_or(Flaw::Colon)?;
    let name = HeaderName::from_bytes(&text[..colon]).map_err(|_| Flaw::Name)?;
    let value = HeaderValue::from_bytes(text[colon + 1..].trim_ascii());
    let value = value.map_err(|_| Flaw::Value { name: name.clone() })?;
    match FRAMING.contains(&name) {
        true => Err(Flaw::Framing { name }),
        false => Ok((name, value)),
    }
}

/// Why there are no headers. What was typed or read may be a secret, and is not repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeaderError {
    #[error("{option}: number {number}: {flaw}")]
    Typed { option: &'static str, number: usize, flaw: Flaw },
    #[error("{option}: line {number} of {file}: {flaw}")]
    Line { option: &'static str, number: usize, file: String, flaw: Flaw },
    #[error("{option}")]
    Read { option: &'static str, source: ReadError },
}

/// Why a text is no header.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Flaw {
    #[error("expected a header as `Name: value`, and there is no colon")]
    Colon,
    #[error("expected a header as `Name: value`, and no name stands before the colon")]
    Name,
    #[error("the value of {name} has a control character in it")]
    Value { name: HeaderName },
    #[error("{name} is not for the caller to say: it follows from the body and the connection")]
    Framing { name: HeaderName },
}

/// With a wrong one, server and command would wait for each other.
const FRAMING: [HeaderName; 3] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

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
            (" a: c", None),
            ("a: b\nc: d", None),
            ("content-length: 5", None),
            ("Transfer-Encoding: chunked", None),
        ] {
            let parsed = parse(text.as_bytes()).ok();
            let parsed = parsed.map(|(_, value)| value.to_str().unwrap().to_owned());

            assert_eq!(parsed.as_deref(), value, "{text:?}");
        }
    }
}
