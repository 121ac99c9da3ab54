/// The text that `bytes` are, if they are UTF-8.
#[inline]
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    #[cfg(feature = "simdutf8")]
    let text = simdutf8::basic::from_utf8(bytes).ok();
    #[cfg(not(feature = "simdutf8"))]
    let text = str::from_utf8(bytes).ok();
    text
}

/// The text that `bytes` are, with U+FFFD for each maximal part that is not UTF-8.
///
/// # Source
///
/// HTML Standard, [Parsing an event stream][spec]: streams are always decoded as UTF-8. Decoding
/// field by field gives the same text, as no character spans a line end or a colon.
///
/// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
pub(super) fn repaired(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
