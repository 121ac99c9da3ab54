//! Readers: the same items wherever the bytes come from and wherever they are cut, and nothing more
//! behind an end or an error.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(feature = "tokio")]
mod async_read;
#[cfg(feature = "http-body")]
mod body;
#[cfg(feature = "codec")]
mod codec;
mod items;
#[cfg(feature = "stream")]
mod polled;
mod read;
#[cfg(feature = "stream")]
mod script;
#[cfg(feature = "stream")]
mod stream;

use std::time::Duration;

use sse_core::{
    Decoder,
    reader::{AllItems, OwnedItem, ReadError},
    wire::{DecodeError, Limits, MessageEvent},
};

/// All that a stream can hold, with characters and line ends that a cut goes through.
const STREAM: &str =
    ":héllo\r\nretry: 5\r\rid: 7\ndata: 🎉\ndata\n\nevent: e\r\ndata: x\r\n\r\ndata: lost";

/// What [`AllItems`] gives for [`STREAM`].
fn check_items(items: &[OwnedItem]) {
    let [comment, retry, OwnedItem::Event(first), OwnedItem::Event(second)] = items else {
        panic!("{items:?}");
    };
    assert_eq!(*comment, OwnedItem::Comment("héllo".to_owned()));
    assert_eq!(*retry, OwnedItem::Retry(Duration::from_millis(5)));
    check_events(&[first.clone(), second.clone()]);
}

fn check_events(events: &[MessageEvent]) {
    let parts = events.iter().map(|event| (event.name(), event.data(), event.last_event_id()));
    assert_eq!(parts.collect::<Vec<_>>(), [("message", "🎉\n", "7"), ("e", "x", "7")]);
}

fn items() -> AllItems {
    AllItems(Decoder::new().with_comments(true))
}

/// Fails at the data of [`STREAM`].
fn limited() -> Decoder {
    Decoder::with_limits(Limits::default().with_event(3))
}

fn check_limit<E: std::fmt::Debug>(error: ReadError<E>) {
    assert!(
        matches!(error, ReadError::Decode(DecodeError::EventTooLong { limit: 3 })),
        "{error:?}"
    );
}
