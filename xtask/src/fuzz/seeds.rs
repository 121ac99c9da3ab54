use std::fs;

use crate::{process::Outcome, workspace::Workspace};

/// The streams of the conformance vectors, without those that are generated, which are long.
pub(super) fn streams(workspace: &Workspace) -> Outcome<Vec<Vec<u8>>> {
    let text = fs::read_to_string(workspace.path(PATH))?;
    let mut streams = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let stream = if let Some(input) = line.strip_prefix(r#"   "input": ""#) {
            let input = input.trim_end_matches(',').strip_suffix('"');
            input.and_then(unescaped).map(String::into_bytes)
        } else if line == r#"   "chunks_hex": ["# {
            let chunks = lines.by_ref().take_while(|line| *line != "   ],");
            bytes(&chunks.map(|chunk| chunk.trim_matches([' ', '"', ','])).collect::<String>())
        } else {
            continue;
        };
        streams.push(stream.ok_or_else(|| format!("{PATH}: cannot read `{line}`"))?);
    }
    Ok(streams)
}

/// What stands between the quotes of a JSON string, with its escapes resolved.
fn unescaped(text: &str) -> Option<String> {
    let mut units = Vec::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let meant = match char {
            '\\' => match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    units.push(u16::from_str_radix(&digits, 16).ok()?);
                    continue;
                }
                itself @ ('"' | '\\' | '/') => itself,
                _ => return None,
            },
            char => char,
        };
        units.extend_from_slice(meant.encode_utf16(&mut [0; 2]));
    }
    String::from_utf16(&units).ok()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(str::from_utf8(two).ok()?, 16).ok()).collect()
}

const PATH: &str = "crates/sse-core/tests/data/vectors.json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vector_that_is_not_generated_gives_a_stream() {
        let workspace = Workspace::find().unwrap();
        let text = fs::read_to_string(workspace.path(PATH)).unwrap();
        let all = text.lines().filter(|line| line.starts_with(r#"   "name": ""#)).count();
        let generated = text.lines().filter(|line| line.starts_with(r#"   "gen": "#)).count();

        let streams = streams(&workspace).unwrap();

        assert_eq!(streams.len(), all - generated);
        assert_eq!(streams[0], b"\xEF\xBB\xBFdata:one\n\n\xEF\xBB\xBFdata:two\n\ndata:three\n\n");
    }

    #[test]
    fn escapes_are_resolved_and_unknown_ones_refused() {
        for (text, expected) in [
            (r#"a\n\r\t\"\\"#, Some("a\n\r\t\"\\")),
            (r"\u0000\u00e9\ud83d\ude00é", Some("\0é😀é")),
            (r"\ud83d", None),
            (r"\x", None),
            ("\\", None),
        ] {
            assert_eq!(unescaped(text).as_deref(), expected, "{text}");
        }
    }
}
