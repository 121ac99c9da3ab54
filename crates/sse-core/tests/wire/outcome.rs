use std::time::Duration;

use sse_core::{Decoder, Item, wire::DecodeError};

/// All that came out of a decoder.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) seen: Vec<Seen>,
    pub(crate) last_event_id: String,
    pub(crate) error: Option<DecodeError>,
}

/// An owned [`Item`] that a test can build.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Seen {
    Event { name: String, data: String, id: String },
    Comment(String),
    Retry(Duration),
    Dropped(DecodeError),
}

impl Seen {
    pub(crate) fn event(name: &str, data: &str, id: &str) -> Self {
        Self::Event { name: name.into(), data: data.into(), id: id.into() }
    }

    pub(crate) fn comment(text: &str) -> Self {
        Self::Comment(text.into())
    }

    pub(crate) fn retry(millis: u64) -> Self {
        Self::Retry(Duration::from_millis(millis))
    }
}

impl From<Item<'_>> for Seen {
    fn from(item: Item<'_>) -> Self {
        match item {
            Item::Event(event) => Self::event(event.name(), event.data(), event.last_event_id()),
            Item::Comment(text) => Self::comment(text),
            Item::Retry(time) => Self::Retry(time),
            Item::Dropped(error) => Self::Dropped(error),
        }
    }
}

/// Reads `parts` until they end, or up to the first error.
pub(crate) fn read<'a>(
    decoder: &mut Decoder,
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    let mut seen = Vec::new();
    let mut error = None;
    'stream: for mut part in parts {
        loop {
            match decoder.decode(&mut part) {
                Ok(Some(item)) => seen.push(item.into()),
                Ok(None) => break,
                Err(failure) => {
                    error = Some(failure);
                    break 'stream;
                }
            }
        }
        assert!(part.is_empty(), "more was asked for with bytes left");
    }
    Outcome { seen, last_event_id: decoder.last_event_id().to_owned(), error }
}

/// What a new decoder that reports comments sees in `stream`, in one piece.
pub(crate) fn seen(stream: impl AsRef<[u8]>) -> Vec<Seen> {
    let outcome = read(&mut Decoder::new().with_comments(true), [stream.as_ref()]);
    assert_eq!(outcome.error, None);
    outcome.seen
}

/// Splits `stream` into parts of the given lengths, over and over.
pub(crate) fn cut<'a>(mut stream: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    for length in lengths.iter().cycle() {
        if stream.is_empty() {
            break;
        }
        let (part, rest) = stream.split_at(stream.len().min(*length));
        parts.push(part);
        stream = rest;
    }
    parts
}
