use std::{cell::RefCell, hint::black_box};

use bytes::Bytes;
use sse_core::{Decoder, Item, wire::Limits};

use crate::inputs::Seen;

pub fn borrowed(chunks: Vec<Bytes>, _: Seen) -> Option<Seen> {
    Some(borrow(&mut Decoder::new(), &chunks))
}

/// One decoder for all runs, since what a first long line costs is the allocator's.
pub fn unlimited(chunks: Vec<Bytes>, _: Seen) -> Option<Seen> {
    Some(UNLIMITED.with_borrow_mut(|decoder| borrow(decoder, &chunks)))
}

/// A decoder a run, as the peers have it.
pub fn unlimited_fresh(chunks: Vec<Bytes>, _: Seen) -> Option<Seen> {
    Some(borrow(&mut without_limits(), &chunks))
}

thread_local! {
    static UNLIMITED: RefCell<Decoder> = RefCell::new(without_limits());
}

fn without_limits() -> Decoder {
    let limits = Limits::default().with_line(usize::MAX).with_event(usize::MAX);
    Decoder::with_limits(limits)
}

fn borrow(decoder: &mut Decoder, chunks: &[Bytes]) -> Seen {
    let mut seen = Seen::default();
    for chunk in chunks {
        let mut rest = &chunk[..];
        while let Some(item) = decoder.decode(&mut rest).expect("it is within the limits") {
            if let Item::Event(event) = item {
                seen.event(event.data());
            }
        }
    }
    seen
}

pub fn owned(chunks: Vec<Bytes>, _: Seen) -> Option<Seen> {
    let mut seen = Seen::default();
    let mut decoder = Decoder::new();
    for chunk in &chunks {
        let mut rest = &chunk[..];
        while let Some(item) = decoder.decode(&mut rest).expect("it is within the limits") {
            if let Item::Event(event) = item {
                seen.event(black_box(event.to_owned()).data());
            }
        }
    }
    Some(seen)
}
