/// Every cut of `bytes` in two, the one before the first byte and the one after the last included.
///
/// ```
/// use sse_testkit::cuts;
///
/// let cuts: Vec<_> = cuts(b"ab").collect();
/// assert_eq!(cuts, [[&b""[..], b"ab"], [b"a", b"b"], [b"ab", b""]]);
/// ```
pub fn cuts(bytes: &[u8]) -> impl Iterator<Item = [&[u8]; 2]> {
    (0..=bytes.len()).map(|at| {
        let (head, tail) = bytes.split_at(at);
        [head, tail]
    })
}

/// `bytes` one by one.
///
/// ```
/// use sse_testkit::single_bytes;
///
/// assert!(single_bytes(b"ab").eq([b"a", b"b"]));
/// ```
pub fn single_bytes(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks(1)
}
