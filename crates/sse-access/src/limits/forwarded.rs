use std::borrow::Cow;

/// What stands before the last comma of a `Forwarded` value, and the element after it.
///
/// The value is read from the right. What stands on the left came with the request: read from there, a quote that
/// a client has left open would swallow what the proxy has added. A quote without its partner on the left makes
/// the rest one element, which is not valid.
pub(super) fn split_last(value: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let mut is_quoted = false;
    for (at, byte) in value.iter().enumerate().rev() {
        match byte {
            b'"' if !is_quoted => is_quoted = true,
            b'"' => is_quoted = is_escaped(&value[..at]),
            b',' if !is_quoted => return (Some(&value[..at]), &value[at + 1..]),
            _ => (),
        }
    }
    (None, value)
}

/// Whether what follows `text` in a quoted string is meant literally.
fn is_escaped(text: &[u8]) -> bool {
    text.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The value of `for` in an element; `None` if it is missing or given twice, or if the element is not valid.
///
/// # Source
///
/// RFC 7239, [Forwarded HTTP Header Field][spec]. White space around a semicolon is forgiven, and so is an
/// address of IPv6 that is not quoted: the meaning is clear, and proxies write both.
///
/// [spec]: https://www.rfc-editor.org/rfc/rfc7239.html#section-4
pub(super) fn node(element: &[u8]) -> Option<Cow<'_, [u8]>> {
    let (mut rest, mut node) = (element, None);
    loop {
        rest = rest.trim_ascii_start();
        if let Some(behind) = rest.strip_prefix(b";") {
            rest = behind;
            continue;
        }
        if rest.is_empty() {
            return node;
        }
        let equals = rest.iter().position(|byte| !is_token(*byte))?;
        let (name, behind) = rest.split_at(equals);
        let (value, behind) = value(behind.strip_prefix(b"=")?)?;
        rest = behind.trim_ascii_start();
        if name.is_empty() || !(rest.is_empty() || rest.starts_with(b";")) {
            return None;
        }
        if name.eq_ignore_ascii_case(b"for") && node.replace(value).is_some() {
            return None;
        }
    }
}

/// A token or a quoted string at the beginning of `text`, and what follows.
fn value(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let is_of_value = |byte: u8| is_token(byte) || b"[]:".contains(&byte);
        let end = text.iter().position(|byte| !is_of_value(*byte)).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].into(), &text[end..]));
    };
    let mut value = Vec::new();
    let mut rest = quoted;
    loop {
        let end = rest.iter().position(|byte| b"\"\\".contains(byte))?;
        let (plain, behind) = rest.split_at(end);
        if behind[0] == b'"' {
            let value =
                if value.is_empty() { plain.into() } else { [&value, plain].concat().into() };
            return Some((value, &behind[1..]));
        }
        value.extend_from_slice(plain);
        value.push(*behind.get(1)?);
        rest = &behind[2..];
    }
}

/// # Source
///
/// RFC 9110, [Tokens](https://www.rfc-editor.org/rfc/rfc9110.html#section-5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
