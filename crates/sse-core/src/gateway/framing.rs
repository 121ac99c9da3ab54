use http::{HeaderMap, HeaderValue, Uri, header};

/// Sees that a request is one whose end every server on its way sees at the same byte, and that it names
/// a path. Some servers hand on what they should refuse.
///
/// # Source
///
/// RFC 9112, [Transfer-Encoding][encoding] and [Request Target][target].
///
/// [encoding]: https://www.rfc-editor.org/rfc/rfc9112.html#name-transfer-encoding
/// [target]: https://www.rfc-editor.org/rfc/rfc9112.html#name-request-target
pub(super) fn check(uri: &Uri, headers: &HeaderMap) -> Result<(), FramingError> {
    if uri.authority().is_some() && uri.scheme().is_none() {
        return Err(FramingError::Target);
    }
    let values = headers.get_all(header::TRANSFER_ENCODING).iter().map(HeaderValue::as_bytes);
    let codings =
        values.flat_map(|value| value.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii);
    let mut is_chunked = false;
    for coding in codings.filter(|coding| !coding.is_empty()) {
        if !coding.eq_ignore_ascii_case(b"chunked") {
            return Err(FramingError::Coding);
        }
        if is_chunked {
            return Err(FramingError::ChunkedTwice);
        }
        is_chunked = true;
    }
    Ok(())
}

/// Why it cannot be told what a request is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum FramingError {
    #[error("Target is no path")]
    Target,
    #[error("Transfer-Encoding is `chunked` more than once")]
    ChunkedTwice,
    #[error("Transfer-Encoding has a coding other than `chunked`")]
    Coding,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_chunked_once_and_nothing_more() {
        for (values, expected) in [
            (&[][..], Ok(())),
            (&["chunked"], Ok(())),
            (&["Chunked"], Ok(())),
            (&[" chunked ,"], Ok(())),
            (&["chunked, chunked"], Err(FramingError::ChunkedTwice)),
            (&["chunked", "CHUNKED"], Err(FramingError::ChunkedTwice)),
            (&["gzip, chunked"], Err(FramingError::Coding)),
            (&["gzip", "chunked"], Err(FramingError::Coding)),
            (&["chunked, identity"], Err(FramingError::Coding)),
            (&["xchunked"], Err(FramingError::Coding)),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::TRANSFER_ENCODING, HeaderValue::from_static(value));
            }
            assert_eq!(check(&Uri::from_static("/"), &headers), expected, "{values:?}");
        }
    }

    #[test]
    fn a_target_is_a_path_or_a_whole_address() {
        for (target, expected) in [
            ("/poll/42", Ok(())),
            ("http://h/poll/42", Ok(())),
            ("*", Ok(())),
            ("x", Err(FramingError::Target)),
            ("h:1", Err(FramingError::Target)),
        ] {
            assert_eq!(check(&Uri::from_static(target), &HeaderMap::new()), expected, "{target}");
        }
    }
}
