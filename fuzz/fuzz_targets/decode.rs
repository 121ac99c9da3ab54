//! Any bytes read as the naive decoder reads them, wherever they are cut, also behind a reconnect.

#![no_main]
#![allow(dead_code, reason = "the modules are shared")]

mod input;
#[path = "../../crates/sse-core/tests/wire/naive.rs"]
mod naive;
#[path = "../../crates/sse-core/tests/wire/outcome.rs"]
mod outcome;

use libfuzzer_sys::fuzz_target;
use sse_core::Decoder;

use input::Input;
use outcome::{Outcome, Seen, cut, read};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input::new(bytes);
    let comments = input.flag();
    let id = ["", "a", "7\u{2028}"][usize::from(input.byte() % 3)];
    let lengths = input.lengths();
    let first = input.share();
    let second = input.rest();

    let expected = naive(first, id, comments);
    let expected_second = naive(second, &expected.last_event_id, comments);
    for lengths in [&lengths[..], &[1], &[usize::MAX]] {
        let mut decoder = Decoder::new().with_comments(comments).with_last_event_id(id);
        assert_eq!(read(&mut decoder, cut(first, lengths)), expected);
        decoder.reset();
        assert_eq!(read(&mut decoder, cut(second, lengths)), expected_second);
    }
});

fn naive(stream: &[u8], id: &str, comments: bool) -> Outcome {
    let mut outcome = naive::read(stream, id);
    outcome.seen.retain(|seen| comments || !matches!(seen, Seen::Comment(_)));
    outcome
}
