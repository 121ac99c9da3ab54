//! What was injected into the streams of other encoders, one test for each way.

use std::time::Duration;

use sse_core::{
    Event,
    event::{EventId, EventName},
    wire::{KEEPALIVE, encode_comment},
};

use crate::outcome::{Seen, seen};

#[test]
fn a_line_end_in_a_name_or_id_adds_no_field() {
    for line_end in ["\n", "\r", "\r\n"] {
        for field in ["data: forged", "event: forged", "id: forged", "retry: 1"] {
            let value = format!("a{line_end}{field}");
            assert!(EventName::new(&*value).is_err(), "{value:?}");
            assert!(EventId::new(&*value).is_err(), "{value:?}");
        }
    }
}

#[test]
fn two_line_ends_end_no_event() {
    for line_ends in ["\n\n", "\r\r", "\r\n\r\n", "\n\r", "\r\n\n", "\n\r\n", "\r\r\n"] {
        let value = format!("a{line_ends}data: forged{line_ends}");

        assert!(EventName::new(&*value).is_err(), "{value:?}");
        assert!(EventId::new(&*value).is_err(), "{value:?}");
        let events = seen(Event::data(&value).encode());
        assert_eq!(events, [Seen::event("message", &normalised(&value), "")], "{value:?}");
        let comments = seen(encode_comment(&value));
        let lines: Vec<Seen> = normalised(&value).split('\n').map(Seen::comment).collect();
        assert_eq!(comments, lines, "{value:?}");
    }
}

#[test]
fn an_lf_in_data_adds_no_field() {
    for field in ["event: forged", "id: forged", "retry: 1", "data: forged", ": forged"] {
        let data = format!("a\n{field}");

        assert_eq!(seen(Event::data(&data).encode()), [Seen::event("message", &data, "")]);
    }
}

#[test]
fn a_lone_cr_in_data_or_a_comment_is_a_line_end() {
    let text = "a\rid: forged\r\rretry: 1";

    let data = "a\nid: forged\n\nretry: 1";
    assert_eq!(seen(Event::data(text).encode()), [Seen::event("message", data, "")]);
    let comments = ["a", "id: forged", "", "retry: 1"].map(Seen::comment);
    assert_eq!(seen(encode_comment(text)), comments);
}

#[test]
fn a_line_end_does_not_lead_out_of_a_comment() {
    for line_end in ["\n", "\r", "\r\n"] {
        let text = format!("a{line_end}data: forged");

        let comments = ["a", "data: forged"].map(Seen::comment);
        assert_eq!(seen(encode_comment(&text)), comments, "{text:?}");
    }
}

#[test]
fn a_nul_in_an_id_is_refused_as_receivers_would_ignore_it() {
    assert!(EventId::new("a\0b").is_err());
    assert_eq!(seen("id: a\0b\ndata: c\n\n"), [Seen::event("message", "c", "")]);
}

#[test]
fn an_id_sets_no_reconnection_time() {
    for value in ["7\nretry: 0", "7\rretry: 1", "7\r\nretry: 1"] {
        assert!(EventId::new(value).is_err(), "{value:?}");
    }
}

#[test]
fn a_retry_has_neither_sign_nor_fraction_nor_exponent() {
    for retry in [Duration::ZERO, Duration::from_nanos(1_500_001), Duration::MAX] {
        let frame = Event::default().with_retry(retry).encode();

        let value = frame.strip_prefix(b"retry: ").and_then(|rest| rest.strip_suffix(b"\n\n"));
        assert!(value.unwrap().iter().all(u8::is_ascii_digit), "{frame:?}");
        assert!(matches!(seen(frame)[..], [Seen::Retry(_)]));
    }
}

#[test]
fn leading_spaces_are_not_lost() {
    for value in [" ", " a", "  a", "\ta", "\u{A0}a"] {
        let event = Event::data(value)
            .with_name(EventName::new(value).unwrap())
            .with_id(EventId::new(value).unwrap());

        assert_eq!(seen(event.encode()), [Seen::event(value, value, value)], "{value:?}");
        assert_eq!(seen(encode_comment(value)), [Seen::comment(value)], "{value:?}");
    }
}

#[test]
fn text_never_needs_repair() {
    let text: String = ['\u{7F}', '\u{80}', '\u{7FF}', '\u{FFFF}', '\u{10FFFF}'].iter().collect();

    assert_eq!(seen(Event::data(&text).encode()), [Seen::event("message", &text, "")]);
    assert_eq!(seen(encode_comment(&text)), [Seen::comment(&text)]);
}

#[test]
fn a_byte_order_mark_at_the_start_of_a_stream_is_not_swallowed() {
    let mark = "\u{FEFF}";
    let event = Event::data(mark)
        .with_name(EventName::new(mark).unwrap())
        .with_id(EventId::new(mark).unwrap());

    assert_eq!(seen(event.encode()), [Seen::event(mark, mark, mark)]);
    assert_eq!(seen(encode_comment(mark)), [Seen::comment(mark)]);
}

#[test]
fn a_keepalive_between_frames_cuts_no_event() {
    let frame = Event::data("a\n\nb").encode();
    let event = Seen::event("message", "a\n\nb", "");
    let keepalive = Seen::comment("");

    let stream = [&KEEPALIVE[..], &frame, &KEEPALIVE, &frame].concat();

    assert_eq!(seen(stream), [keepalive.clone(), event.clone(), keepalive, event]);
}

#[test]
fn what_is_no_line_end_is_left_alone() {
    for separator in
        ["\u{2028}", "\u{2029}", "\u{85}", "\x0B", "\x0C", "\x1C", "\x1D", "\x1E", r"\n", r"\r"]
    {
        let text = format!("a{separator}b");
        let event = Event::data(&text)
            .with_name(EventName::new(&*text).unwrap())
            .with_id(EventId::new(&*text).unwrap());

        assert_eq!(event.encode(), format!("event: {text}\ndata: {text}\nid: {text}\n\n"));
        assert_eq!(seen(event.encode()), [Seen::event(&text, &text, &text)]);
        assert_eq!(encode_comment(&text), format!(":{text}\n\n"));
    }
}

fn normalised(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
