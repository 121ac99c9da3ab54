use std::time::Duration;

use proptest::{collection::vec, option, prelude::*, sample::select};
use sse_core::{
    Decoder, Event,
    event::{EventId, EventName},
    wire::{KEEPALIVE, encode_comment},
};

use crate::outcome::{Seen, cut, read, seen};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn what_was_encoded_comes_back_at_any_cut_after_any_frames(
        frames in vec(frame(), 0..8),
        lengths in vec(1..9_usize, 1..9),
    ) {
        let stream: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
        let mut id = String::new();
        let expected: Vec<Seen> = frames.iter().flat_map(|frame| frame.seen(&mut id)).collect();

        for lengths in [&lengths[..], &[1], &[usize::MAX]] {
            let mut decoder = Decoder::new().with_comments(true);
            let outcome = read(&mut decoder, cut(&stream, lengths));
            prop_assert_eq!(&outcome.seen, &expected);
            prop_assert_eq!(&outcome.last_event_id, &id);
        }
    }

    #[test]
    fn a_value_is_refused_or_fills_its_own_field_alone(value in text(), retry: bool) {
        let line_end = value.contains(['\r', '\n']);
        prop_assert_eq!(EventName::new(&*value).is_err(), line_end);
        prop_assert_eq!(EventId::new(&*value).is_err(), line_end || value.contains('\0'));

        for (event, expected) in alone(&value) {
            let event = if retry { event.with_retry(Duration::ZERO) } else { event };
            let frame = event.encode();

            let mut wanted = vec![expected; 1];
            if retry {
                wanted.insert(0, Seen::retry(0));
            }
            prop_assert_eq!(seen(frame), wanted);
        }
    }

    #[test]
    fn encoding_what_was_decoded_gives_the_same_bytes(event in plain_event()) {
        let frame = event.encode();

        let mut again = Event::default();
        for seen in seen(&frame) {
            again = match seen {
                Seen::Retry(retry) => again.with_retry(retry),
                Seen::Event { name, data, id } => rebuilt(&again, &name, &data, &id),
                Seen::Comment(text) => panic!("{text:?} was no comment"),
                Seen::Dropped(error) => panic!("{error} without limits"),
            };
        }

        prop_assert_eq!(again.encode(), frame);
    }
}

#[derive(Clone, Debug)]
enum Frame {
    Event(Event),
    Comment(String),
    KeepAlive,
}

impl Frame {
    fn encode(&self) -> bytes::Bytes {
        match self {
            Self::Event(event) => event.encode(),
            Self::Comment(text) => encode_comment(text),
            Self::KeepAlive => KEEPALIVE,
        }
    }

    /// What a receiver sees that has the last event id `last`.
    fn seen(&self, last: &mut String) -> Vec<Seen> {
        match self {
            Self::Event(event) => {
                if let Some(id) = event.id() {
                    id.as_str().clone_into(last);
                }
                let retry = event
                    .retry()
                    .map(|retry| Seen::retry(u64::try_from(retry.as_millis()).unwrap_or(u64::MAX)));
                let name = event.name().map_or("", EventName::as_str);
                let name = if name.is_empty() { "message" } else { name };
                let data = event.as_data().map(|data| Seen::event(name, &normalised(data), last));
                retry.into_iter().chain(data).collect()
            }
            Self::Comment(text) => normalised(text).split('\n').map(Seen::comment).collect(),
            Self::KeepAlive => vec![Seen::comment("")],
        }
    }
}

fn frame() -> impl Strategy<Value = Frame> {
    prop_oneof![
        6 => event().prop_map(Frame::Event),
        1 => text().prop_map(Frame::Comment),
        1 => Just(Frame::KeepAlive),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let parts = (option::of(text()), option::of(line()), option::of(line()), option::of(retry()));
    parts.prop_map(|(data, name, id, retry)| {
        let mut event = data.map_or_else(Event::default, Event::data);
        if let Some(name) = name {
            event = event.with_name(EventName::new(name).unwrap());
        }
        if let Some(id) = id.and_then(|id| EventId::new(id).ok()) {
            event = event.with_id(id);
        }
        if let Some(retry) = retry {
            event = event.with_retry(retry);
        }
        event
    })
}

/// Events of which everything comes back: `message` and an empty id look like none.
fn plain_event() -> impl Strategy<Value = Event> {
    event().prop_filter("all of it comes back", |event| {
        event.as_data().is_some()
            && event.name().is_none_or(|name| !["", "message"].contains(&name.as_str()))
            && event.id().is_none_or(|id| !id.as_str().is_empty())
            && event.retry().is_none_or(|retry| u64::try_from(retry.as_millis()).is_ok())
    })
}

fn text() -> impl Strategy<Value = String> {
    let pieces: &[&str] = &[
        "\r",
        "\n",
        "\r\n",
        "\0",
        " ",
        ":",
        "\t",
        "\u{FEFF}",
        "\u{2028}",
        "\u{2029}",
        "\u{85}",
        "\x0B",
        "\x0C",
        "\x1C",
        "data: ",
        "data",
        "event: ",
        "id: ",
        "retry: 1",
        ": ",
        "message",
        "a",
        "0",
        "\u{e9}",
        "\u{1F600}",
    ];
    vec(select(pieces), 0..10).prop_map(|pieces| pieces.concat())
}

fn line() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.replace(['\r', '\n'], ""))
}

fn retry() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        any::<u32>().prop_map(|micros| { Duration::from_micros(micros.into()) })
    ]
}

/// Events with `value` in each field that takes it, and what must be seen of them.
fn alone(value: &str) -> Vec<(Event, Seen)> {
    let data = (Event::data(value), Seen::event("message", &normalised(value), ""));
    let name = EventName::new(value).ok().map(|name| {
        let expected = if value.is_empty() { "message" } else { value };
        (Event::data("a").with_name(name), Seen::event(expected, "a", ""))
    });
    let id = EventId::new(value)
        .ok()
        .map(|id| (Event::data("a").with_id(id), Seen::event("message", "a", value)));
    [data].into_iter().chain(name).chain(id).collect()
}

fn rebuilt(retry_only: &Event, name: &str, data: &str, id: &str) -> Event {
    let mut event = Event::data(data);
    if let Some(retry) = retry_only.retry() {
        event = event.with_retry(retry);
    }
    if name != "message" {
        event = event.with_name(EventName::new(name).unwrap());
    }
    if !id.is_empty() {
        event = event.with_id(EventId::new(id).unwrap());
    }
    event
}

fn normalised(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
