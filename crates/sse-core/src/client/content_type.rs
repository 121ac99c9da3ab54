use http::{HeaderMap, header};

/// Whether the answer with these headers is an event stream.
///
/// # Source
///
/// Fetch Standard, [Extract a MIME type][fetch]: of all values, the last one that is valid counts.
/// Parameters do not matter: streams are UTF-8, whatever they say.
///
/// [fetch]: https://fetch.spec.whatwg.org/#concept-header-extract-mime-type
pub(super) fn is_event_stream(headers: &HeaderMap) -> bool {
    let joined = joined(headers);
    let mut essences = split_list(&joined).into_iter().filter_map(essence);
    essences.rfind(|essence| *essence != (&b"*"[..], &b"*"[..])).is_some_and(|(kind, subtype)| {
        kind.eq_ignore_ascii_case(b"text") && subtype.eq_ignore_ascii_case(b"event-stream")
    })
}

/// All values of `Content-Type` as the one list that they are.
pub(super) fn joined(headers: &HeaderMap) -> Vec<u8> {
    let values = headers.get_all(header::CONTENT_TYPE).iter();
    values.map(|value| value.as_bytes()).collect::<Vec<_>>().join(&b", "[..])
}

/// Splits at the commas outside of quoted strings.
fn split_list(list: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut from) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, &byte) in list.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => {
                parts.push(&list[from..at]);
                from = at + 1;
            }
            _ => (),
        }
    }
    parts.push(&list[from..]);
    parts
}

/// Type and subtype of a MIME type, if it is one.
fn essence(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let essence = value.split(|&byte| byte == b';').next()?.trim_ascii();
    let slash = essence.iter().position(|&byte| byte == b'/')?;
    let (kind, subtype) = (&essence[..slash], &essence[slash + 1..]);
    (is_token(kind) && is_token(subtype)).then_some((kind, subtype))
}

fn is_token(text: &[u8]) -> bool {
    let is_token_byte =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_token_byte)
}
