//! Whatever the stream: the limits are passed at the same byte wherever it is cut, what comes before
//! is what the standard says, the memory stays near the limits, and each call makes headway.

#![no_main]
#![expect(dead_code, reason = "the modules are shared")]

mod input;
mod memory;
#[path = "../../crates/sse-core/tests/wire/naive.rs"]
mod naive;
#[path = "../../crates/sse-core/tests/wire/outcome.rs"]
mod outcome;
mod stream;

use std::{array, hint::black_box};

use libfuzzer_sys::fuzz_target;
use sse_core::{
    Decoder, Item,
    wire::{DecodeError, Limits, Overflow},
};

use input::Input;
use outcome::{Outcome, Seen, cut, read};

#[global_allocator]
static MEMORY: memory::Counting = memory::Counting::new();

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input::new(bytes);
    let comments = input.flag();
    let overflow = if input.flag() { Overflow::Drop } else { Overflow::Fail };
    let [line, event, data_lines, name, id] = array::from_fn(|_| input.limit());
    let limits = Limits::default()
        .with_line(line)
        .with_event(event)
        .with_data_lines(data_lines)
        .with_name(name)
        .with_id(id);
    let lengths = input.lengths();
    let stream = input.rest();
    let decoder = || Decoder::with_limits(limits).with_overflow(overflow).with_comments(comments);

    let expected = read(&mut decoder(), cut(&stream.bytes, &[1]));
    for parts in stream.cuts(&lengths) {
        assert_eq!(read(&mut decoder(), parts), expected);
    }
    let mut unlimited = naive::read(&stream.bytes, "");
    unlimited.seen.retain(|seen| comments || !matches!(seen, Seen::Comment(_)));
    match overflow {
        Overflow::Fail => check_up_to_error(&expected, &unlimited),
        Overflow::Drop => {
            check_all_but_dropped(&expected, &unlimited);
            check_dropped_once(&expected, &stream.bytes);
        }
    }
    check_reset(decoder(), &stream.bytes, &expected);

    // The most that a repeated stream can fill of limits that are higher than that.
    let most = REPEATS * stream.bytes.len();
    let held: usize = [line, event, name, id, id, id].iter().map(|limit| limit.min(&most)).sum();
    for lengths in [&lengths[..], &[usize::MAX]] {
        let parts = cut(&stream.bytes, lengths);
        let before = MEMORY.restart();
        drain(&mut decoder(), parts.iter().copied().cycle().take(REPEATS * parts.len()));
        let peak = MEMORY.peak() - before;
        assert!(peak <= FACTOR * held + OVERHEAD, "{peak} bytes with {limits:?}");
    }
});

fn check_up_to_error(found: &Outcome, unlimited: &Outcome) {
    assert!(unlimited.seen.starts_with(&found.seen), "{found:?} of {unlimited:?}");
    if found.error.is_none() {
        assert_eq!(found, unlimited);
    }
}

/// Only events and comments are missing; a later event may lack the id of one that was dropped.
fn check_all_but_dropped(found: &Outcome, unlimited: &Outcome) {
    assert_eq!(found.error, None);
    let mut all = unlimited.seen.iter();
    for seen in found.seen.iter().filter(|seen| !matches!(seen, Seen::Dropped(_))) {
        assert!(all.any(|other| is_same(seen, other)), "{found:?} of {unlimited:?}");
    }
    if !found.seen.iter().any(|seen| matches!(seen, Seen::Dropped(_))) {
        assert_eq!(found, unlimited);
    }
    let retries = |seen: &[Seen]| seen.iter().filter(|seen| matches!(seen, Seen::Retry(_))).count();
    assert_eq!(retries(&found.seen), retries(&unlimited.seen));
}

/// There is one at most for each block and each comment.
fn check_dropped_once(found: &Outcome, stream: &[u8]) {
    let text = String::from_utf8_lossy(stream).replace("\r\n", "\n").replace('\r', "\n");
    let blocks = 1 + text.matches("\n\n").count();
    let is_comment = |line: &&str| line.trim_start_matches('\u{FEFF}').starts_with(':');
    let comments = text.split('\n').filter(is_comment).count();
    let dropped = found.seen.iter().filter(|seen| matches!(seen, Seen::Dropped(_))).count();
    assert!(dropped <= blocks + comments, "{found:?}");
}

fn is_same(seen: &Seen, other: &Seen) -> bool {
    match (seen, other) {
        (Seen::Event { name, data, .. }, Seen::Event { name: other, data: other_data, .. }) => {
            (name, data) == (other, other_data)
        }
        _ => seen == other,
    }
}

/// An error stays until the reset, behind which only the last event id is left.
fn check_reset(mut decoder: Decoder, stream: &[u8], expected: &Outcome) {
    read(&mut decoder, [stream]);
    if let Some(error) = expected.error {
        check_failed(&mut decoder, error);
    }
    decoder.reset();
    let again = read(&mut decoder, [stream]);
    assert_eq!(again.error, expected.error);
    assert_eq!(again.seen.len(), expected.seen.len());
    for (seen, other) in again.seen.iter().zip(&expected.seen) {
        assert!(is_same(seen, other), "{again:?} after {expected:?}");
    }
}

fn check_failed(decoder: &mut Decoder, error: DecodeError) {
    for more in ["", "\n", "\r\n\r\n", "data: 1\n\n", "id: 1\n\n", ":c\n"] {
        assert_eq!(decoder.decode(&mut more.as_bytes()), Err(error), "{more:?}");
    }
}

/// Reads everything and keeps nothing.
fn drain<'a>(decoder: &mut Decoder, parts: impl Iterator<Item = &'a [u8]>) {
    for mut part in parts {
        let mut made_headway = true;
        loop {
            let before = part.len();
            match decoder.decode(&mut part) {
                Ok(Some(item)) => {
                    // A line end can be what passes a limit, and is taken after that is said.
                    let is_dropped = matches!(black_box(item), Item::Dropped(_));
                    assert!(part.len() < before || (is_dropped && made_headway));
                    made_headway = part.len() < before;
                }
                Ok(None) => {
                    assert!(part.is_empty());
                    break;
                }
                Err(_) => return,
            }
        }
    }
}

/// How often a stream is read in a row, so that what each turn left behind would show.
const REPEATS: usize = 16;

/// A text can be there three times: as bytes with room for twice as many, repaired to three bytes
/// for each, again with room for twice as many, and as that was before it grew last.
const FACTOR: usize = 11;

/// What the smallest buffers take.
const OVERHEAD: usize = 1024;
