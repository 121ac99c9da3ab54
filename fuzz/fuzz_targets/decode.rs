//! Any bytes read as the naive decoder reads them, wherever they are cut, also behind a reconnect.

#![no_main]
#![expect(dead_code, reason = "the modules are shared")]

mod input;
#[path = "../../crates/sse-core/tests/wire/naive.rs"]
mod naive;
#[path = "../../crates/sse-core/tests/wire/outcome.rs"]
mod outcome;
mod stream;

use libfuzzer_sys::fuzz_target;
use sse_core::Decoder;

use input::Input;
use outcome::{Outcome, Seen, read};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input::new(bytes);
    let comments = input.flag();
    let id = ["", "a", "7\u{2028}"][usize::from(input.byte() % 3)];
    let lengths = input.lengths();
    let first = input.part();
    let second = input.rest();

    let expected = naive(&first.bytes, id, comments);
    let expected_second = naive(&second.bytes, &expected.last_event_id, comments);
    let decoder = || Decoder::new().with_comments(comments).with_last_event_id(id);
    for parts in first.cuts(&lengths) {
        let mut decoder = decoder();
        assert_eq!(read(&mut decoder, parts), expected);
        decoder.reset();
        assert_eq!(read(&mut decoder, [&second.bytes[..]]), expected_second);
    }
    for parts in second.cuts(&lengths) {
        let mut decoder = decoder();
        read(&mut decoder, [&first.bytes[..]]);
        decoder.reset();
        assert_eq!(read(&mut decoder, parts), expected_second);
    }
});

fn naive(stream: &[u8], id: &str, comments: bool) -> Outcome {
    let mut outcome = naive::read(stream, id);
    outcome.seen.retain(|seen| comments || !matches!(seen, Seen::Comment(_)));
    outcome
}
