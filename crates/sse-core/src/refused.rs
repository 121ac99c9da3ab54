/// As much of a refused value as an error repeats: its first 32 characters.
pub(crate) fn shown(value: &[u8]) -> String {
    // A body may be a megabyte long, and no character is longer than four bytes.
    let beginning = &value[..value.len().min(4 * SHOWN)];
    String::from_utf8_lossy(beginning).chars().take(SHOWN).collect()
}

const SHOWN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_up_to_a_whole_character() {
        for (value, expected) in [
            ("a".to_owned(), "a".to_owned()),
            ("é".repeat(32), "é".repeat(32)),
            ("🦀".repeat(33), "🦀".repeat(32)),
        ] {
            assert_eq!(shown(value.as_bytes()), expected);
        }
    }
}
