//! Whatever the stream: the limits are passed at the same byte wherever it is cut, the memory stays
//! near the limits, and each call makes headway.

#![no_main]
#![allow(dead_code, reason = "the modules are shared")]

mod input;
mod memory;
#[path = "../../crates/sse-core/tests/wire/outcome.rs"]
mod outcome;

use std::hint::black_box;

use libfuzzer_sys::fuzz_target;
use sse_core::{Decoder, Item, Limits, Overflow};

use input::Input;
use outcome::{cut, read};

#[global_allocator]
static MEMORY: memory::Counting = memory::Counting::new();

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input::new(bytes);
    let comments = input.flag();
    let overflow = if input.flag() { Overflow::Drop } else { Overflow::Fail };
    let [line, event, data_lines, name, id] = std::array::from_fn(|_| usize::from(input.byte()));
    let limits = Limits::default()
        .with_line(line)
        .with_event(event)
        .with_data_lines(data_lines)
        .with_name(name)
        .with_id(id);
    let lengths = input.lengths();
    let stream = input.rest();
    let decoder = || {
        Decoder::with_limits(limits).with_overflow(overflow).with_comments(comments)
    };

    let expected = read(&mut decoder(), cut(stream, &[1]));
    assert_eq!(read(&mut decoder(), cut(stream, &lengths)), expected);
    assert_eq!(read(&mut decoder(), cut(stream, &[usize::MAX])), expected);
    assert!(overflow == Overflow::Fail || expected.error.is_none());

    // A buffer has room for twice what it holds, and the repair of bytes makes three of one.
    let bound = 6 * (line + event + 2 * name + 3 * id) + 1024;
    for lengths in [&lengths[..], &[usize::MAX]] {
        let parts = cut(stream, lengths);
        let before = MEMORY.restart();
        drain(&mut decoder(), &parts);
        let peak = MEMORY.peak() - before;
        assert!(peak <= bound, "{peak} bytes with {limits:?}");
    }
});

/// Reads everything and keeps nothing.
fn drain(decoder: &mut Decoder, parts: &[&[u8]]) {
    for mut part in parts.iter().copied() {
        loop {
            let before = part.len();
            match decoder.decode(&mut part) {
                Ok(Some(item)) => {
                    // A line end can be what passes a limit, and is taken after that is said.
                    assert!(part.len() < before || matches!(item, Item::Dropped(_)));
                    black_box(item);
                }
                Ok(None) => {
                    assert!(part.is_empty());
                    break;
                }
                Err(error) => {
                    assert_eq!(decoder.decode(&mut &b"data: 1\n\n"[..]), Err(error));
                    return;
                }
            }
        }
    }
}
