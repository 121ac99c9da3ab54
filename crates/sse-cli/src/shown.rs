use std::borrow::Cow;

/// `text`, or its beginning if it is longer than about `max` bytes.
pub(crate) fn cut(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().find(|(at, _)| max <= *at) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// `text` for a terminal: on its lines, and with what else commands one escaped.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() && !matches!(character, '\n' | '\t') {
            true => shown.extend(character.escape_debug()),
            false => shown.push(character),
        }
    }
    shown
}
