//! Any events that can be built come back as they were, none gives a second one, and what came back
//! is written as it was.

#![no_main]
#![expect(dead_code, reason = "the modules are shared")]

mod input;
#[path = "../../crates/sse-core/tests/wire/outcome.rs"]
mod outcome;
mod stream;

use std::{array, time::Duration};

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use sse_core::{
    Decoder, Event,
    event::{EventId, EventName},
    wire::encode_comment,
};

use input::Input;
use outcome::{Outcome, Seen, read};
use stream::Stream;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input::new(bytes);
    let lengths = input.lengths();
    let mut stream = Stream::default();
    let mut expected = Vec::new();
    let mut id = String::new();
    while !input.is_empty() {
        let kind = input.byte();
        if kind & COMMENT != 0 {
            let comment = text(&mut input);
            stream.bytes.extend_from_slice(&encode_comment(&comment));
            expected.extend(normalised(&comment).split('\n').map(Seen::comment));
        } else {
            let event = event(kind, &mut input);
            check_alone(&event);
            check_data_in_parts(&event, input.byte());
            event.encode_into(&mut stream.bytes);
            expected.extend(seen(&event, &mut id));
        }
    }
    for parts in stream.cuts(&lengths) {
        let outcome = read(&mut Decoder::new().with_comments(true), parts);
        assert_eq!(outcome.error, None);
        assert_eq!(outcome.seen, expected);
        assert_eq!(outcome.last_event_id, id);
    }
});

/// One frame gives its own fields and nothing else, and they give the same frame again.
fn check_alone(event: &Event) {
    let decoded = |event: &Event| {
        let outcome = read(&mut Decoder::new().with_comments(true), [&event.encode()[..]]);
        let mut id = String::new();
        assert_eq!(outcome.seen, seen(event, &mut id));
        assert_eq!(outcome.last_event_id, id);
        rebuilt(outcome)
    };
    let again = decoded(event);
    assert_eq!(again.encode(), plain(event).encode());
    assert_eq!(decoded(&again).encode(), again.encode());
}

/// It is the same frame when the data is formatted in two parts, cut where the byte says.
fn check_data_in_parts(event: &Event, share: u8) {
    let Some(data) = event.as_data() else { return };
    let (head, tail) =
        data.split_at(data.floor_char_boundary(data.len() * usize::from(share) / 255));
    let mut frame = BytesMut::new();
    let written = event.encode_fmt_into(format_args!("{head}{tail}"), &mut frame);
    assert_eq!(written, Ok(()));
    assert_eq!(frame, event.encode());
}

/// What a receiver sees of `event`, with `id` carried from event to event.
fn seen(event: &Event, id: &mut String) -> Vec<Seen> {
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

/// The event of which as much as possible is left out and a receiver still sees the same.
fn plain(event: &Event) -> Event {
    let mut plain = Event::default();
    if let Some(data) = event.as_data() {
        plain = Event::data(normalised(data));
        let name = event.name().filter(|name| !["", "message"].contains(&name.as_str()));
        plain = name.cloned().into_iter().fold(plain, Event::with_name);
    }
    let id = event.id().filter(|id| !id.as_str().is_empty());
    plain = id.cloned().into_iter().fold(plain, Event::with_id);
    event.retry().into_iter().fold(plain, Event::with_retry)
}

/// The event that a receiver would write for what it saw of one.
fn rebuilt(outcome: Outcome) -> Event {
    let mut event = Event::default();
    let mut retry = None;
    for seen in outcome.seen {
        match seen {
            Seen::Retry(time) => retry = Some(time),
            Seen::Event { name, data, .. } => {
                event = Event::data(data);
                if name != "message" {
                    event = event.with_name(EventName::new(name).expect("it came in one line"));
                }
            }
            Seen::Comment(_) | Seen::Dropped(_) => unreachable!("an event has none"),
        }
    }
    if !outcome.last_event_id.is_empty() {
        let id = EventId::new(outcome.last_event_id);
        event = event.with_id(id.expect("it came in one line, without NUL"));
    }
    retry.into_iter().fold(event, Event::with_retry)
}

fn normalised(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn event(kind: u8, input: &mut Input<'_>) -> Event {
    let mut event = Event::default();
    if kind & DATA != 0 {
        event = Event::data(text(input));
    }
    if kind & ID != 0 {
        let id = text(input);
        let is_bad = id.contains(['\r', '\n', '\0']);
        let id = EventId::new(id);
        assert_eq!(id.is_err(), is_bad);
        event = id.into_iter().fold(event, Event::with_id);
    }
    if kind & NAME != 0 {
        let name = text(input);
        let is_bad = name.contains(['\r', '\n']);
        let name = EventName::new(name);
        assert_eq!(name.is_err(), is_bad);
        event = name.into_iter().fold(event, Event::with_name);
    }
    if kind & RETRY != 0 {
        let millis = u64::from_le_bytes(array::from_fn(|_| input.byte()));
        event = event.with_retry(Duration::from_millis(millis));
    }
    event
}

/// A text, mostly of the parts at which a frame can go wrong.
fn text(input: &mut Input<'_>) -> String {
    let mut text = String::new();
    for _ in 0..input.byte() % 12 {
        match input.byte() {
            byte @ ..240 => text.push_str(PARTS[usize::from(byte) % PARTS.len()]),
            240..252 => text.push(input.char()),
            252.. => text.push_str(&input.long_text()),
        }
    }
    text
}

const DATA: u8 = 0x01;
const ID: u8 = 0x02;
const NAME: u8 = 0x04;
const RETRY: u8 = 0x08;
const COMMENT: u8 = 0x10;

const PARTS: [&str; 24] = [
    "\r", "\n", "\r\n", "\n\n", "\0", " ", ":", "a", "b", "data", "data: ", "event: ", "id: ",
    "retry: ", "0", "7", "\u{FEFF}", "\u{2028}", "\u{85}", "\t", "é", "😀", "message", "\u{1b}",
];
