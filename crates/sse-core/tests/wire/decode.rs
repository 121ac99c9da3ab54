use std::time::Duration;

use sse_core::{Decoder, Item};

use crate::outcome::{Outcome, Seen, cut, read, seen};

#[test]
fn an_event_is_there_with_the_first_byte_that_ends_its_blank_line() {
    for (line_end, last) in [("\n", "\n"), ("\r", "\r"), ("\r\n", "\r")] {
        let mut decoder = Decoder::new();
        let head = format!("data: a{line_end}");
        assert_eq!(decoder.decode(&mut head.as_bytes()), Ok(None));

        let item = decoder.decode(&mut last.as_bytes()).unwrap().map(Seen::from);

        assert_eq!(item, Some(Seen::event("message", "a", "")), "{line_end:?}");
    }
}

#[test]
fn the_lf_of_a_crlf_ends_no_second_line_wherever_it_comes() {
    for parts in [&["\r\n"][..], &["\r", "\n"], &["\r", "", "\n"]] {
        let mut decoder = Decoder::new();
        let parts = ["data: a"].iter().chain(parts).chain(&["data: b", "\n\n"]);

        let outcome = read(&mut decoder, parts.map(|part| part.as_bytes()));

        assert_eq!(outcome.seen, [Seen::event("message", "a\nb", "")]);
    }
}

#[test]
fn decode_takes_no_more_than_one_item_at_a_time() {
    let mut decoder = Decoder::new();
    let mut input = &b"data: a\n\nretry: 5\ndata: b\n\nrest"[..];

    assert!(matches!(decoder.decode(&mut input), Ok(Some(Item::Event(_)))));
    assert_eq!(input, b"retry: 5\ndata: b\n\nrest");
    assert_eq!(decoder.decode(&mut input), Ok(Some(Item::Retry(Duration::from_millis(5)))));
    assert_eq!(input, b"data: b\n\nrest");
    assert!(matches!(decoder.decode(&mut input), Ok(Some(Item::Event(_)))));
    assert_eq!(input, b"rest");
    assert_eq!(decoder.decode(&mut input), Ok(None));
    assert_eq!(input, b"");
}

#[test]
fn an_event_outlives_its_input_pointer_and_can_be_kept() {
    let mut decoder = Decoder::new();
    let mut input = &b"event: e\nid: 7\ndata: a\n\ndata: b\n\n"[..];
    let Ok(Some(Item::Event(event))) = decoder.decode(&mut input) else {
        panic!("a whole event went in");
    };
    let kept = event.to_owned();

    while let Ok(Some(_)) = decoder.decode(&mut input) {}

    assert_eq!((kept.name(), kept.data(), kept.last_event_id()), ("e", "a", "7"));
}

#[test]
fn the_end_of_the_body_completes_nothing() {
    for (stream, last_event_id) in [
        ("data: a", ""),
        ("data: a\n", ""),
        ("data: a\r\n", ""),
        ("retry: 5", ""),
        (":comment", ""),
        ("id: 7\ndata: a\n", ""),
        ("id: 7", ""),
        ("id: 7\n\nid: 8\n", "7"),
    ] {
        let outcome = read(&mut Decoder::new().with_comments(true), [stream.as_bytes()]);

        let nothing = Outcome { last_event_id: last_event_id.into(), ..Outcome::default() };
        assert_eq!(outcome, nothing, "{stream:?}");
    }
}

#[test]
fn an_id_counts_from_its_blank_line_also_without_data() {
    let mut decoder = Decoder::new();

    assert_eq!(read(&mut decoder, [&b"id: 7\n"[..]]).last_event_id, "");
    assert_eq!(read(&mut decoder, [&b"\n"[..]]).last_event_id, "7");
    assert_eq!(read(&mut decoder, [&b"id: 8\nid: 9\0\n"[..]]).last_event_id, "7");
    assert_eq!(read(&mut decoder, [&b"\n"[..]]).last_event_id, "8");
    assert_eq!(read(&mut decoder, [&b"id\n\n"[..]]).last_event_id, "");
}

#[test]
fn reset_keeps_the_committed_id_and_the_options_and_nothing_else() {
    let mut decoder = Decoder::new().with_comments(true);
    read(&mut decoder, [&b"id: 7\n\nid: 8\nevent: e\ndata: a\r"[..]]);

    decoder.reset();

    assert_eq!(decoder.last_event_id(), "7");
    let stream = b"\xEF\xBB\xBF\n:c\ndata: b\n\n";
    let outcome = read(&mut decoder, stream.chunks(1));
    assert_eq!(outcome.seen, [Seen::comment("c"), Seen::event("message", "b", "7")]);
}

#[test]
fn reset_forgets_a_cr_that_ended_the_old_connection() {
    let mut decoder = Decoder::new();
    read(&mut decoder, [&b"data: a\r"[..]]);

    decoder.reset();

    let outcome = read(&mut decoder, [&b"\ndata: b\n\n"[..]]);
    assert_eq!(outcome.seen, [Seen::event("message", "b", "")]);
}

#[test]
fn one_byte_order_mark_is_skipped_at_the_start_only() {
    for (stream, data) in [
        (&b"\xEF\xBB\xBFdata: a\n\n"[..], Some("a")),
        (b"\xEF\xBB\xBF\xEF\xBB\xBFdata: a\n\n", None),
        (b"\xEF\xBBdata: a\n\n", None),
        (b"\xEFdata: a\n\n", None),
        (b"\xEF\xBB\n\xEF\xBB\xBFdata: a\ndata: b\n\n", Some("b")),
        (b"\n\xEF\xBB\xBFdata: a\n\n", None),
        (b"data: \xEF\xBB\xBFa\n\n", Some("\u{FEFF}a")),
    ] {
        for at in 0..=stream.len() {
            let (head, tail) = stream.split_at(at);

            let outcome = read(&mut Decoder::new(), [head, tail]);

            let expected: Vec<Seen> =
                data.iter().map(|data| Seen::event("message", data, "")).collect();
            assert_eq!(outcome.seen, expected, "{stream:?} cut at {at}");
        }
    }
}

#[test]
fn bytes_that_are_not_utf8_are_repaired_in_every_value() {
    let stream = b":\xFF\nevent: \xC3\nid: \xF0\x9F\ndata: a\xE2\x80\xE2\x80\xA8\n\n";

    let expected =
        [Seen::comment("\u{FFFD}"), Seen::event("\u{FFFD}", "a\u{FFFD}\u{2028}", "\u{FFFD}")];
    assert_eq!(seen(stream), expected);
}

#[test]
fn comments_come_only_when_asked_for() {
    let stream = ": a\ndata: b\n\n";

    assert_eq!(seen(stream), [Seen::comment(" a"), Seen::event("message", "b", "")]);
    let outcome = read(&mut Decoder::new(), [stream.as_bytes()]);
    assert_eq!(outcome.seen, [Seen::event("message", "b", "")]);
}

#[test]
fn retry_is_saturated_and_never_wraps() {
    for (value, millis) in [
        ("0", Some(0)),
        ("0010", Some(10)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", Some(u64::MAX)),
        ("99999999999999999999999999999999", Some(u64::MAX)),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("1e3", None),
        (" 1", None),
        ("1 ", None),
        ("\u{661}", None),
    ] {
        let expected: Vec<Seen> = millis.into_iter().map(Seen::retry).collect();

        assert_eq!(seen(format!("retry: {value}\n")), expected, "{value:?}");
    }
}

#[test]
fn a_line_of_eight_mebibytes_is_read_in_linear_time() {
    let data = "x".repeat(8 * 1024 * 1024);
    let stream = format!("data: {data}\n\n");
    for length in [1, 7, 1460] {
        let outcome = read(&mut Decoder::new(), cut(stream.as_bytes(), &[length]));

        assert!(outcome.seen == [Seen::event("message", &data, "")], "pieces of {length}");
    }
}
