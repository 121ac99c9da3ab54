use std::borrow::Cow;

/// `text`, or its beginning if it is longer than about `max` bytes.
pub(crate) fn cut(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().find(|(at, _)| max <= *at) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}
