use sse_core::{
    Decoder,
    wire::{DecodeError, Limits, Overflow},
};

use crate::outcome::{Seen, cut, read};

#[test]
fn each_limit_may_be_reached_and_not_passed_at_every_cut() {
    let line = Limits::default().with_line(9);
    let event = Limits::default().with_event(5);
    let data_lines = Limits::default().with_data_lines(2);
    let name = Limits::default().with_name(3);
    let id = Limits::default().with_id(3);
    let long_line = DecodeError::LineTooLong { limit: 9 };
    let long_event = DecodeError::EventTooLong { limit: 5 };
    let many_lines = DecodeError::TooManyDataLines { limit: 2 };
    let long_name = DecodeError::NameTooLong { limit: 3 };
    let long_id = DecodeError::IdTooLong { limit: 3 };
    for (limits, reached, passed, error) in [
        (line, "data:1234\n\n", "data:12345\n\n", long_line),
        (line, "data: 1234\n\n", "data: 12345\n\n", long_line),
        (line, "event: 123\n\n", "event: 1234\n\n", long_line),
        (line, "id: 123456\n\n", "id: 1234567\n\n", long_line),
        (line, ":12345678\n", ":123456789\n", long_line),
        (line.with_line(4), "data\n\n", "data:\n\n", DecodeError::LineTooLong { limit: 4 }),
        (event, "data: 12345\n\n", "data: 123456\n\n", long_event),
        (event, "data: 12\ndata: 34\n\n", "data: 12\ndata: 345\n\n", long_event),
        (event, "data: 1234\ndata\n\n", "data: 12345\ndata\n\n", long_event),
        (event, "data\ndata\ndata:\ndata\n data\n\n", "data\ndata: 12345\n\n", long_event),
        (event, &"data\n".repeat(6), &"data\n".repeat(7), long_event),
        (event, "data: 12345\n\ndata: 12345\n\n", "data: 1\n\ndata: 123456", long_event),
        (data_lines, "data\ndata\n\ndata\n", "data\ndata\ndata\n", many_lines),
        (data_lines, "data: 1\ndata: 2\n\n", "data: 1\ndata: 2\ndata: 3\n\n", many_lines),
        (name, "event: 123\n\n", "event: 1234\n\n", long_name),
        (name, "event: 12\nevent: 34\n", "event: 12\nevent: 3456\n", long_name),
        (id, "id: 123\n\n", "id: 1234\n\n", long_id),
        (id, "id: 123\0xyz\n\n", "id: 1234\0xyz\n\n", long_id),
    ] {
        for at in 0..=reached.len() {
            assert_eq!(error_at(limits, reached, at), None, "{reached:?} cut at {at}");
        }
        for at in 0..=passed.len() {
            assert_eq!(error_at(limits, passed, at), Some(error), "{passed:?} cut at {at}");
        }
    }
}

#[test]
fn the_limit_that_is_passed_first_is_named_wherever_the_cut() {
    let limits = Limits::default().with_line(8).with_event(4).with_name(4);
    for (stream, error) in [
        ("data: 123456789", DecodeError::LineTooLong { limit: 8 }),
        ("event: 123456789", DecodeError::LineTooLong { limit: 8 }),
        ("data: 12\ndata: 345", DecodeError::EventTooLong { limit: 4 }),
    ] {
        for at in 0..=stream.len() {
            assert_eq!(error_at(limits, stream, at), Some(error), "{stream:?} cut at {at}");
        }
    }
}

#[test]
fn limits_are_on_by_default() {
    const MIB: usize = 1024 * 1024;
    for (head, repeated, error) in [
        ("data:", "x", DecodeError::LineTooLong { limit: 16 * MIB }),
        ("", "data: 0123456789abcdef0123456789\n", DecodeError::EventTooLong { limit: 16 * MIB }),
        ("", "data\n", DecodeError::TooManyDataLines { limit: 2_000_000 }),
        ("event:", "x", DecodeError::NameTooLong { limit: 64 * 1024 }),
        ("id:", "x", DecodeError::IdTooLong { limit: 64 * 1024 }),
    ] {
        let piece = repeated.repeat(64 * 1024 / repeated.len());
        let mut decoder = Decoder::default();
        assert_eq!(read(&mut decoder, [head.as_bytes()]).error, None);

        let pieces = std::iter::repeat_n(piece.as_bytes(), 24 * 16);

        assert_eq!(read(&mut decoder, pieces).error, Some(error), "{head}{repeated}..");
    }
}

#[test]
fn a_message_of_fourteen_megabytes_is_read_by_default() {
    let data = "x".repeat(14 * 1024 * 1024);
    let stream = format!("data: {data}\n\n");

    let outcome = read(&mut Decoder::new(), cut(stream.as_bytes(), &[64 * 1024]));

    assert!(outcome.seen == [Seen::event("message", &data, "")]);
}

#[test]
fn what_nobody_wants_has_no_limit() {
    let limits = Limits::default().with_line(0).with_event(0).with_name(0).with_id(0);
    for (head, repeated) in [
        (":", "comment"),
        ("unknown", "unknown"),
        ("unknown:", "value"),
        ("datax:", "value"),
        ("retry:", "0"),
        ("retry:", "x"),
        ("", "retry: 1x\r\n"),
        ("", ":\n:\r"),
        ("", "\n"),
    ] {
        let piece = repeated.repeat(4096);
        let mut decoder = Decoder::with_limits(limits);
        assert_eq!(read(&mut decoder, [head.as_bytes()]).error, None);

        let outcome = read(&mut decoder, vec![piece.as_bytes(); 32]);

        assert_eq!(outcome.error, None, "{head}{repeated}..");
    }
}

#[test]
fn items_before_the_limit_are_returned_and_then_the_same_error_until_reset() {
    let limits = Limits::default().with_id(3);
    let mut decoder = Decoder::with_limits(limits);
    let error = DecodeError::IdTooLong { limit: 3 };

    let outcome = read(&mut decoder, [&b"id: 7\ndata: a\n\nid: 1234\ndata: b\n\n"[..]]);
    assert_eq!(outcome.seen, [Seen::event("message", "a", "7")]);
    assert_eq!(outcome.error, Some(error));
    for input in ["", "\n", "data: c\n\n", "id: 1\n\n"] {
        assert_eq!(decoder.decode(&mut input.as_bytes()), Err(error), "{input:?}");
    }

    decoder.reset();
    let outcome = read(&mut decoder, [&b"data: c\n\nid: 1234"[..]]);
    assert_eq!(outcome.seen, [Seen::event("message", "c", "7")]);
    assert_eq!(outcome.error, Some(error));
}

#[test]
fn an_event_that_is_too_long_can_be_dropped_and_the_stream_goes_on_at_every_cut() {
    let limits = Limits::default().with_line(12).with_event(5).with_data_lines(2);
    let limits = limits.with_name(3).with_id(3);
    let next = Seen::event("message", "next", "7");
    for (dropped, error) in [
        ("id: 7\ndata: 123456\ndata: 9\n", DecodeError::EventTooLong { limit: 5 }),
        ("data: 1\ndata: 2345\nid: 7\n", DecodeError::EventTooLong { limit: 5 }),
        ("data\ndata\ndata\ndata: 123456\nid: 7\n", DecodeError::TooManyDataLines { limit: 2 }),
        ("event: 1234\ndata: 1\nid: 7\n", DecodeError::NameTooLong { limit: 3 }),
        ("id: 7\nid: 1234\ndata: 1\n", DecodeError::IdTooLong { limit: 3 }),
        ("id: 7\nid: 123456789012\n", DecodeError::IdTooLong { limit: 3 }),
    ] {
        let stream = format!("{dropped}event: e\n\ndata: next\n\n");
        for at in 0..=stream.len() {
            let (head, tail) = stream.as_bytes().split_at(at);
            let mut decoder = Decoder::with_limits(limits).with_overflow(Overflow::Drop);
            let outcome = read(&mut decoder, [head, tail]);
            assert_eq!(
                outcome.seen,
                [Seen::Dropped(error), next.clone()],
                "{stream:?} cut at {at}"
            );
        }
    }
}

#[test]
fn a_comment_that_is_too_long_is_dropped_alone() {
    let mut decoder = Decoder::with_limits(Limits::default().with_line(9))
        .with_overflow(Overflow::Drop)
        .with_comments(true);

    let outcome = read(&mut decoder, [&b"data: 1\n:123456789\n:12345678\ndata: 2\n\n"[..]]);

    let dropped = Seen::Dropped(DecodeError::LineTooLong { limit: 9 });
    let expected = [dropped, Seen::comment("12345678"), Seen::event("message", "1\n2", "")];
    assert_eq!(outcome.seen, expected);
}

#[test]
fn limits_without_bound_do_not_overflow() {
    let limits = Limits::default()
        .with_line(usize::MAX)
        .with_event(usize::MAX)
        .with_data_lines(usize::MAX)
        .with_name(usize::MAX)
        .with_id(usize::MAX);
    let mut decoder = Decoder::with_limits(limits).with_comments(true);

    let outcome = read(&mut decoder, [&b":c\nevent: e\nid: 1\ndata: a\ndata: b\n\n"[..]]);

    assert_eq!(outcome.seen, [Seen::comment("c"), Seen::event("e", "a\nb", "1")]);
}

fn error_at(limits: Limits, stream: &str, at: usize) -> Option<DecodeError> {
    let (head, tail) = stream.as_bytes().split_at(at);
    let mut decoder = Decoder::with_limits(limits).with_comments(true);
    read(&mut decoder, [head, tail]).error
}
