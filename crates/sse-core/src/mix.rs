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

/// 2⁶⁴ / φ, which is odd, so that steps of this length meet every number before one repeats. Each falls
/// into one of the widest gaps that those before it have left.
pub(crate) const GOLDEN_SECTION: u64 = 0x9E37_79B9_7F4A_7C15;

#[cfg(test)]
mod tests {
    use super::*;

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
