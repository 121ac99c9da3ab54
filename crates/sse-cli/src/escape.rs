use std::fmt::{self, Write};

/// Where text from outside is shown, and so how much of it stays as it came.
///
/// Nowhere can it command the terminal, or change the order of what is shown, or hide a part of it. What is
/// escaped is what [`char::escape_debug`] escapes, but for quotes and backslashes: nothing depends on them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// In a log, where it cannot look like another text either: marks, joiners and blanks other than the
    /// space are escaped, too.
    Log,
    /// On a line of its own. What belongs to the scripts of the world stays.
    Line,
    /// On as many lines as it has: line breaks and tabs stay, too.
    Lines,
    /// In JSON that is already valid, and stays so.
    Json,
}

/// Writes `text` to `out` as it may be shown.
pub(crate) fn write(out: &mut impl Write, text: &str, place: Place) -> fmt::Result {
    if text.bytes().all(is_plain) {
        return out.write_str(text);
    }
    let mut before = None;
    for character in text.chars() {
        let is_shown = place.shows(before, character);
        match place {
            _ if is_shown => out.write_char(character)?,
            Place::Json => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
            _ => write!(out, "{}", character.escape_debug())?,
        }
        before = is_shown.then_some(character);
    }
    Ok(())
}

/// What is shown of `text` in `place`.
pub(crate) fn escaped(text: &str, place: Place) -> String {
    let mut shown = String::with_capacity(text.len());
    write(&mut shown, text, place).expect("a string takes everything");
    shown
}

/// A character as a message names it.
pub(crate) fn named(character: char) -> String {
    match character {
        ' ' => "a space".to_owned(),
        other => format!("{other:?}"),
    }
}

impl Place {
    /// Whether `character` stays, behind the one `before` it, if that one stays.
    fn shows(self, before: Option<char>, character: char) -> bool {
        match character {
            ' '..='~' => true,
            '\n' | '\t' => self == Self::Lines,
            _ if self == Self::Log => is_seen_alone(character),
            // They join letters of some scripts, and emoji.
            '\u{200c}' | '\u{200d}' => before.is_some_and(|before| !before.is_ascii()),
            _ if is_selector(character) => before.is_some_and(|before| !is_selector(before)),
            '\u{2028}' | '\u{2029}' => false,
            _ if character.is_whitespace() => !character.is_control(),
            _ if before.is_none() => is_seen_alone(character),
            _ => is_seen(character),
        }
    }
}

fn is_plain(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_graphic()
}

/// Marks, which belong to the character before them, are not.
fn is_seen_alone(character: char) -> bool {
    character.escape_debug().next() == Some(character)
}

fn is_seen(character: char) -> bool {
    let mut text = *b"x\0\0\0\0";
    let len = character.encode_utf8(&mut text[1..]).len();
    // A text's marks are escaped at its beginning alone.
    let text = str::from_utf8(&text[..=len]).expect("it was encoded");
    text.escape_debug().nth(1) == Some(character)
}

/// Selects the form of the character before it. Many in a row are not seen, and could say anything.
fn is_selector(character: char) -> bool {
    matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_and_joiners_stay_where_they_select_and_join() {
        for (text, shown) in [
            ("❤\u{fe0f}\u{200d}🔥", "❤\u{fe0f}\u{200d}🔥"),
            ("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
            ("葛\u{e0100}", "葛\u{e0100}"),
            ("\u{fe0f}", "\\u{fe0f}"),
            ("a\u{e0101}\u{e0102}", "a\u{e0101}\\u{e0102}"),
            ("a\u{200c}", "a\\u{200c}"),
            ("\n\u{301}", "\\n\\u{301}"),
        ] {
            assert_eq!(escaped(text, Place::Line), shown, "{text:?}");
        }
    }

    #[test]
    fn line_breaks_and_tabs_stay_only_where_there_are_lines() {
        let text = "a\tb\r\nc\u{b}";

        assert_eq!(escaped(text, Place::Lines), "a\tb\\r\nc\\u{b}");
        assert_eq!(escaped(text, Place::Line), "a\\tb\\r\\nc\\u{b}");
        assert_eq!(escaped(text, Place::Log), "a\\tb\\r\\nc\\u{b}");
    }

    #[test]
    fn json_has_two_units_for_what_is_beyond_the_first_plane() {
        assert_eq!(escaped("\"\u{9b}\u{e0041}é\"", Place::Json), "\"\\u009b\\udb40\\udc41é\"");
    }
}
