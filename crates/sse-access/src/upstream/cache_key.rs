use std::fmt;

use ring::digest::{Context, SHA256};

/// A digest of a credential and of what else its verdict depends on, so that a cache holds no secret.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) struct CacheKey([u8; 32]);

impl CacheKey {
    /// The key of `parts`; where one ends and the next begins makes a difference.
    pub(super) fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Context::new(&SHA256);
        for part in parts {
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let digest = digest.finish();
        Self(digest.as_ref().try_into().expect("a SHA-256 has 32 bytes"))
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CacheKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let keys: [&[&[u8]]; 5] = [&[b"ab", b"c"], &[b"a", b"bc"], &[b"abc"], &[b"abc", b""], &[]];
        for (index, one) in keys.iter().enumerate() {
            for other in &keys[index + 1..] {
                assert_ne!(CacheKey::of(one), CacheKey::of(other), "{one:?} {other:?}");
            }
        }
    }
}
