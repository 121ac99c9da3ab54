//! Any events that can be built come back as they were, none gives a second one, and what came back
//! is read the same once more when it is written again.

#![no_main]
#![allow(dead_code, reason = "the modules are shared")]

mod input;
#[path = "../../crates/sse-core/tests/wire/outcome.rs"]
mod outcome;

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sse_core::{Decoder, Event, EventId, EventName, encode_comment};

use input::Input;
use outcome::{Seen, cut, read};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input::new(bytes);
    let lengths = input.lengths();
    let mut stream = Vec::new();
    let mut expected = Vec::new();
    let mut id = String::new();
    while !input.is_empty() {
        let kind = input.byte();
        if kind & 0x10 != 0 {
            let comment = text(&mut input);
            stream.extend_from_slice(&encode_comment(&comment));
            expected.extend(normalised(&comment).split('\n').map(Seen::comment));
            continue;
        }
        let event = event(kind, &mut input);
        let frame = event.encode();
        let seen = normalise(&event, &mut id);
        check_frame(&frame, &seen);
        stream.extend_from_slice(&frame);
        expected.extend(seen);
    }
    for lengths in [&lengths[..], &[1], &[usize::MAX]] {
        let mut decoder = Decoder::new().with_comments(true);
        let outcome = read(&mut decoder, cut(&stream, lengths));
        assert_eq!(outcome.error, None);
        assert_eq!(outcome.seen, expected);
        assert_eq!(outcome.last_event_id, id);
    }
});

/// One frame gives its own event at most, and what came back survives another round.
fn check_frame(frame: &[u8], seen: &[Seen]) {
    let alone = read(&mut Decoder::new().with_comments(true), [frame]);
    assert_eq!(alone.seen.len(), seen.len());
    assert!(alone.seen.iter().filter(|seen| matches!(seen, Seen::Event { .. })).count() <= 1);

    let mut again = Event::default();
    let mut has_event = false;
    for seen in alone.seen {
        again = match seen {
            Seen::Event { name, data, id } => {
                has_event = true;
                let retry = again.retry();
                let mut event = Event::data(data);
                if name != "message" {
                    event = event.with_name(EventName::new(name).expect("it was in a frame"));
                }
                if !id.is_empty() {
                    event = event.with_id(EventId::new(id).expect("it was in a frame"));
                }
                retry.into_iter().fold(event, Event::with_retry)
            }
            Seen::Retry(retry) => again.with_retry(retry),
            Seen::Comment(_) | Seen::Dropped(_) => unreachable!("an event has none"),
        };
    }
    let once = again.encode();
    let decoded = read(&mut Decoder::new().with_comments(true), [&once[..]]);
    if has_event {
        let first = read(&mut Decoder::new().with_comments(true), [frame]);
        assert_eq!(decoded.seen, first.seen);
    }
}

/// What a receiver sees of `event`, with `id` carried from event to event.
fn normalise(event: &Event, id: &mut String) -> Vec<Seen> {
    let mut seen: Vec<Seen> = event.retry().map(Seen::Retry).into_iter().collect();
    if let Some(new) = event.id() {
        new.as_str().clone_into(id);
    }
    if let Some(data) = event.as_data() {
        let name = event.name().map_or("", EventName::as_str);
        let name = if name.is_empty() { "message" } else { name };
        seen.push(Seen::event(name, &normalised(data), id));
    }
    seen
}

fn normalised(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn event(kind: u8, input: &mut Input<'_>) -> Event {
    let mut event = Event::default();
    if kind & 1 != 0 {
        event = Event::data(text(input));
    }
    if kind & 2 != 0 {
        let id = text(input);
        let bad = id.contains(['\r', '\n', '\0']);
        match EventId::new(id) {
            Ok(id) => {
                assert!(!bad);
                event = event.with_id(id);
            }
            Err(_) => assert!(bad),
        }
    }
    if kind & 4 != 0 {
        let name = text(input);
        let bad = name.contains(['\r', '\n']);
        match EventName::new(name) {
            Ok(name) => {
                assert!(!bad);
                event = event.with_name(name);
            }
            Err(_) => assert!(bad),
        }
    }
    if kind & 8 != 0 {
        let millis = u64::from_le_bytes(std::array::from_fn(|_| input.byte()));
        event = event.with_retry(Duration::from_millis(millis));
    }
    event
}

/// A text of the parts at which a frame can go wrong.
fn text(input: &mut Input<'_>) -> String {
    let parts = usize::from(input.byte() % 12);
    (0..parts).map(|_| PARTS[usize::from(input.byte()) % PARTS.len()]).collect()
}

const PARTS: [&str; 24] = [
    "\r", "\n", "\r\n", "\n\n", "\0", " ", ":", "a", "b", "data", "data: ", "event: ", "id: ",
    "retry: ", "0", "7", "\u{FEFF}", "\u{2028}", "\u{85}", "\t", "é", "😀", "message", "\u{1b}",
];
