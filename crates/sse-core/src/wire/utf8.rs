/// The text that `bytes` are, if they are UTF-8.
#[inline]
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    #[cfg(feature = "simdutf8")]
    let text = simdutf8::basic::from_utf8(bytes).ok();
    #[cfg(not(feature = "simdutf8"))]
    let text = str::from_utf8(bytes).ok();
    text
}
