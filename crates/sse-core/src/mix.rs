//! Numbers that look drawn, out of numbers that are not: the crate has no random source.

/// Mixes `value` well: a bijection, and one bit that changes in it changes about half of the bits.
///
/// # Source
///
/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): SplitMix64, whose
/// numbers are those of a seed, of the seed and [`GOLDEN_SECTION`], of the seed and twice that, and so on.
pub(crate) fn mix64(value: u64) -> u64 {
    let mixed = value.wrapping_add(GOLDEN_SECTION);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Mixes `bytes` into `sum`, and how many they are.
pub(crate) fn mix_bytes(sum: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(sum, |sum, word| mix64(sum ^ u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix64(mix64(sum ^ u64::from_le_bytes(last)) ^ bytes.len() as u64)
}

/// 2⁶⁴ / φ, which is odd, so that steps of this length meet every number before one repeats. Each falls
/// into one of the widest gaps that those before it have left.
pub(crate) const GOLDEN_SECTION: u64 = 0x9E37_79B9_7F4A_7C15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_of_bytes_is_the_same_for_ever() {
        let sums = [&b""[..], b"a", b"12345678", b"123456789"].map(|bytes| mix_bytes(7, bytes));

        assert_eq!(
            sums,
            [
                13_309_476_754_707_697_221,
                10_848_840_502_222_262_606,
                11_214_810_805_640_310_382,
                4_934_056_845_621_248_203,
            ]
        );
    }

    #[test]
    fn numbers_are_those_of_split_mix() {
        let seed = 1_234_567_u64;
        let numbers =
            [0, 1, 2].map(|count| mix64(seed.wrapping_add(GOLDEN_SECTION.wrapping_mul(count))));

        assert_eq!(
            numbers,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }
}
