use std::time::Duration;

use crate::{
    Item,
    wire::{DecodeError, MessageEvent},
};

/// An [`Item`] in storage of its own.
///
/// ```
/// use sse_core::{
///     Decoder,
///     reader::{AllItems, OwnedItem, Reader},
/// };
///
/// let source = &b"retry: 500\ndata: 1\n\n"[..];
/// for item in Reader::with_decoder(source, AllItems(Decoder::new())) {
///     match item? {
///         OwnedItem::Event(event) => assert_eq!(event.data(), "1"),
///         OwnedItem::Retry(time) => assert_eq!(time.as_millis(), 500),
///         OwnedItem::Comment(_) | OwnedItem::Dropped(_) => unreachable!("there is none"),
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(clippy::exhaustive_enums, reason = "an item has these, and a reader must match all")]
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum OwnedItem {
    /// An event was dispatched.
    Event(MessageEvent),
    /// A comment line: everything after its colon, a leading space too.
    Comment(String),
    /// The peer set the reconnection time.
    Retry(Duration),
    /// An event, or a comment, passed a limit and is not delivered.
    Dropped(DecodeError),
}

impl From<Item<'_>> for OwnedItem {
    fn from(item: Item<'_>) -> Self {
        match item {
            Item::Event(event) => Self::Event(event.to_owned()),
            Item::Comment(text) => Self::Comment(text.to_owned()),
            Item::Retry(time) => Self::Retry(time),
            Item::Dropped(error) => Self::Dropped(error),
        }
    }
}
