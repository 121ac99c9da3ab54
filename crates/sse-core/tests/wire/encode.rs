//! What an encoder has to do, one test for each requirement.

use std::{collections::BTreeMap, fmt, time::Duration};

use bytes::{BufMut, BytesMut};
use serde_json::value::RawValue;
use sse_core::{
    Event,
    event::{EventId, EventName},
    wire::{KEEPALIVE, encode_comment},
};

use crate::outcome::{Seen, seen};

#[test]
fn requirement_1_names_with_line_ends_and_ids_with_line_ends_or_nul_are_refused() {
    for bad in ["a\r", "\na", "a\r\nb", "\n\ndata: forged\n\n"] {
        assert!(EventName::new(bad).is_err(), "{bad:?}");
        assert!(EventId::new(bad).is_err(), "{bad:?}");
    }
    assert!(EventId::new("a\0").is_err());
}

#[test]
fn requirement_2_data_and_comments_are_split_at_every_line_end() {
    for (text, data, comment) in [
        ("", "data: \n\n", ":\n\n"),
        ("a", "data: a\n\n", ":a\n\n"),
        ("a\nb", "data: a\ndata: b\n\n", ":a\n:b\n\n"),
        ("a\rb", "data: a\ndata: b\n\n", ":a\n:b\n\n"),
        ("a\r\nb", "data: a\ndata: b\n\n", ":a\n:b\n\n"),
        ("a\n\rb", "data: a\ndata: \ndata: b\n\n", ":a\n:\n:b\n\n"),
        ("a\r\r\nb", "data: a\ndata: \ndata: b\n\n", ":a\n:\n:b\n\n"),
        ("\r", "data: \ndata: \n\n", ":\n:\n\n"),
    ] {
        assert_eq!(Event::data(text).encode(), data, "{text:?}");
        assert_eq!(encode_comment(text), comment, "{text:?}");
    }
}

#[test]
fn requirement_3_the_guard_space_is_always_written_and_comments_are_raw() {
    let event = Event::data("  a").with_name(name(" e")).with_id(id(" 7"));

    assert_eq!(event.encode(), "event:  e\ndata:   a\nid:  7\n\n");
    assert_eq!(seen(event.encode()), [Seen::event(" e", "  a", " 7")]);
    assert_eq!(seen(encode_comment(" a")), [Seen::comment(" a")]);
}

#[test]
fn requirement_4_no_data_fires_nothing_and_empty_data_an_event() {
    assert_eq!(Event::default().with_name(name("e")).encode(), "event: e\n\n");
    assert_eq!(seen(Event::default().with_name(name("e")).encode()), []);
    assert_eq!(Event::data("").encode(), "data: \n\n");
    assert_eq!(seen(Event::data("").encode()), [Seen::event("message", "", "")]);
    assert_eq!(Event::data("a\n").encode(), "data: a\ndata: \n\n");
    assert_eq!(seen(Event::data("a\n").encode()), [Seen::event("message", "a\n", "")]);
}

#[test]
fn requirement_5_no_name_writes_nothing_and_means_message() {
    let expected = [Seen::event("message", "a", "")];

    assert_eq!(Event::data("a").encode(), "data: a\n\n");
    assert_eq!(seen(Event::data("a").encode()), expected);
    assert_eq!(seen(Event::data("a").with_name(name("")).encode()), expected);
    assert_eq!(seen(Event::data("a").with_name(name("message")).encode()), expected);
}

#[test]
fn requirement_6_an_empty_id_resets_and_no_id_changes_nothing() {
    let stream = [
        Event::data("a").with_id(id("7")).encode(),
        Event::data("b").encode(),
        Event::data("c").with_id(id("")).encode(),
    ];

    assert_eq!(stream[2], "data: c\nid: \n\n");
    let ids = ["7", "7", ""];
    let expected = ["a", "b", "c"].iter().zip(ids);
    let expected: Vec<Seen> = expected.map(|(data, id)| Seen::event("message", data, id)).collect();
    assert_eq!(seen(stream.concat()), expected);
}

#[test]
fn requirement_7_retry_is_whole_milliseconds_in_digits() {
    for (retry, frame) in [
        (Duration::ZERO, "retry: 0\n\n"),
        (Duration::from_micros(1_999), "retry: 1\n\n"),
        (Duration::from_secs(3), "retry: 3000\n\n"),
        (Duration::from_millis(u64::MAX), "retry: 18446744073709551615\n\n"),
        (Duration::MAX, "retry: 18446744073709551615999\n\n"),
    ] {
        assert_eq!(Event::default().with_retry(retry).encode(), frame, "{retry:?}");
    }
    let longest = Event::default().with_retry(Duration::MAX).encode();
    assert_eq!(seen(longest), [Seen::retry(u64::MAX)]);
}

#[test]
fn requirement_8_a_frame_ends_with_one_blank_line_and_an_empty_event_has_no_frame() {
    assert_eq!(Event::default().encode(), "");
    let events = [
        Event::data(""),
        Event::data("\n\n\r\r"),
        Event::default().with_id(id("")),
        Event::default().with_name(name("")),
        Event::default().with_retry(Duration::ZERO),
    ];
    for frame in
        events.map(|event| event.encode()).iter().chain([&KEEPALIVE, &encode_comment("\n")])
    {
        let text = str::from_utf8(frame).unwrap();
        assert_eq!(text.find("\n\n"), Some(text.len() - 2), "{text:?}");
        assert!(!text.starts_with('\n') && !text.contains('\r'), "{text:?}");
    }
}

#[test]
fn requirement_9_an_event_is_one_buffer_in_the_order_retry_id_event_data() {
    let event =
        Event::data("a\nb").with_name(name("e")).with_id(id("7")).with_retry(Duration::ZERO);
    let frame = "event: e\nretry: 0\ndata: a\ndata: b\nid: 7\n\n";
    assert_eq!(event.encode(), frame);

    let mut buffer = BytesMut::from("data: before\n\n");
    event.encode_into(&mut buffer);
    Event::default().encode_into(&mut buffer);
    buffer.put(KEEPALIVE);

    assert_eq!(buffer, format!("data: before\n\n{frame}:\n\n"));
}

#[test]
fn requirement_10_a_frame_is_utf8_since_its_parts_are_text() {
    let event = Event::data("\u{1F600}\u{FFFD}").with_name(name("\u{e9}")).with_id(id("\u{2026}"));

    assert!(str::from_utf8(&event.encode()).is_ok());
    let expected = [Seen::event("\u{e9}", "\u{1F600}\u{FFFD}", "\u{2026}")];
    assert_eq!(seen(event.encode()), expected);
}

#[test]
fn requirement_11_the_size_of_a_value_is_the_senders_choice() {
    let long = "7".repeat(64 * 1024);
    let event = Event::data("a").with_id(id(&long)).with_name(name(&long));

    assert!(seen(event.encode()) == [Seen::event(&long, "a", &long)]);
}

#[test]
fn requirement_12_a_value_that_comes_back_passes_the_same_check() {
    let last_event_id = "7\ndata: forged\n\n";

    assert!(EventId::try_from(last_event_id).is_err());
    assert!(EventName::try_from(last_event_id).is_err());
    let echo = encode_comment(last_event_id);
    let comments = ["7", "data: forged", "", ""].map(Seen::comment);
    assert_eq!(seen(echo), comments);
}

#[test]
fn requirement_13_json_is_one_line_and_pretty_json_is_split() {
    let value = serde_json::json!({ "a": "x\r\ny\0\u{2028}", "b": [1, 2] });
    let compact = serde_json::to_string(&value).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();

    assert_eq!(Event::data(&compact).encode(), format!("data: {compact}\n\n"));
    assert_eq!(seen(Event::data(&compact).encode()), [Seen::event("message", &compact, "")]);
    assert_eq!(seen(Event::data(&pretty).encode()), [Seen::event("message", &pretty, "")]);
}

#[test]
fn a_keepalive_is_seen_as_an_empty_comment() {
    assert_eq!(encode_comment(""), KEEPALIVE);
    assert_eq!(seen(KEEPALIVE), [Seen::comment("")]);
}

#[test]
fn an_event_tells_what_it_was_made_of() {
    let retry = Duration::from_millis(5);
    let event = Event::data("a").with_name(name("e")).with_id(id("7")).with_retry(retry);

    assert_eq!(event.as_data(), Some("a"));
    assert_eq!(event.name(), Some(&name("e")));
    assert_eq!(event.id(), Some(&id("7")));
    assert_eq!(event.retry(), Some(retry));
    assert_eq!(Event::default().as_data(), None);
}

fn name(name: &str) -> EventName {
    EventName::new(name).unwrap()
}

fn id(id: &str) -> EventId {
    EventId::new(id).unwrap()
}

#[test]
fn formatted_data_is_framed_as_the_same_text_wherever_its_parts_end() {
    let parts = ["", "a", "\r", "\n", "\r\n", "\n\r", "a\rb", " data: x", "\r\n\r\n"];
    let head = Event::default().with_id(EventId::from_static("7"));
    for first in parts {
        for second in parts {
            for third in parts {
                let mut buffer = BytesMut::from("before");
                let data = format_args!("{first}{second}{third}");

                head.encode_fmt_into(data, &mut buffer).unwrap();

                let text = format!("{first}{second}{third}");
                let whole = Event::data(text).with_id(EventId::from_static("7")).encode();
                assert_eq!(buffer, [b"before", &whole[..]].concat());
            }
        }
    }
}

#[test]
fn json_with_line_ends_of_its_own_stays_one_event() {
    let raw = RawValue::from_string("{\"a\":\r\n1,\r\"b\":\n2}".to_owned()).unwrap();
    let mut buffer = BytesMut::new();

    Event::default().encode_json_into(&raw, &mut buffer).unwrap();

    assert_eq!(buffer, "data: {\"a\":\ndata: 1,\ndata: \"b\":\ndata: 2}\n\n");
}

#[test]
fn data_that_cannot_be_written_leaves_nothing_behind() {
    struct Fails;
    impl fmt::Display for Fails {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("half\n")?;
            Err(fmt::Error)
        }
    }
    let event = Event::default().with_name(EventName::from_static("e"));
    let mut buffer = BytesMut::from("before");

    assert_eq!(event.encode_fmt_into(format_args!("{Fails}"), &mut buffer), Err(fmt::Error));
    assert_eq!(buffer, "before");
    let no_string = BTreeMap::from([(Some(1), 1), (None, 2)]);
    assert!(event.encode_json_into(&no_string, &mut buffer).is_err());
    assert_eq!(buffer, "before");
}
