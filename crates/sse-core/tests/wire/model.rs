use proptest::{collection::vec, prelude::*, sample::select};
use sse_core::{
    Decoder,
    wire::{Limits, Overflow},
};

use crate::{
    naive,
    outcome::{Outcome, Seen, cut, read},
};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn any_stream_reads_as_the_standard_says_at_any_cut(
        stream in stream(),
        id in "[ab]{0,2}",
        lengths in vec(1..9_usize, 1..9),
    ) {
        let expected = naive::read(&stream, &id);

        for lengths in [&lengths[..], &[1], &[usize::MAX]] {
            let mut decoder = Decoder::new().with_comments(true).with_last_event_id(&id);
            let outcome = read(&mut decoder, cut(&stream, lengths));
            prop_assert_eq!(&outcome, &expected, "cut into {:?}", lengths);
        }
    }

    #[test]
    fn limits_are_passed_at_the_same_byte_at_any_cut(
        stream in stream(),
        comments: bool,
        limits in limits(),
        overflow in select(&[Overflow::Fail, Overflow::Drop]),
        lengths in vec(1..9_usize, 1..9),
    ) {
        let read_in = |lengths: &[usize]| -> Outcome {
            let mut decoder = Decoder::with_limits(limits)
                .with_overflow(overflow)
                .with_comments(comments);
            read(&mut decoder, cut(&stream, lengths))
        };

        let expected = read_in(&[1]);

        prop_assert_eq!(&read_in(&lengths), &expected);
        prop_assert_eq!(&read_in(&[usize::MAX]), &expected);
    }

    #[test]
    fn dropping_an_event_that_is_too_long_changes_no_other(
        stream in stream(),
        limit in 0..8_usize,
        lengths in vec(1..9_usize, 1..9),
    ) {
        // Limits count the bytes before the repair, so here is nothing to repair.
        let stream = String::from_utf8_lossy(&stream).into_owned().into_bytes();
        let mut decoder = Decoder::with_limits(Limits::default().with_event(limit))
            .with_overflow(Overflow::Drop)
            .with_comments(true);
        let mut outcome = read(&mut decoder, cut(&stream, &lengths));
        let mut expected = naive::read(&stream, "");

        let all = expected.seen.len();
        expected.seen.retain(|seen| !matches!(seen, Seen::Event { data, .. } if limit < data.len()));
        let dropped = all - expected.seen.len();
        let found = outcome.seen.len();
        outcome.seen.retain(|seen| !matches!(seen, Seen::Dropped(_)));
        let reported = found - outcome.seen.len();

        prop_assert_eq!(&outcome, &expected);
        // The last event may have been too long before its end came.
        prop_assert!((dropped..=dropped + 1).contains(&reported), "{} of {}", reported, dropped);
    }

    #[test]
    fn what_was_left_unfinished_does_not_reach_the_next_connection(
        first in stream(),
        second in stream(),
    ) {
        let mut decoder = Decoder::new().with_comments(true);
        let first = read(&mut decoder, [&first[..]]);

        decoder.reset();

        let second_outcome = read(&mut decoder, [&second[..]]);
        prop_assert_eq!(second_outcome, naive::read(&second, &first.last_event_id));
    }
}

/// Streams made of the pieces at which a decoder can go wrong.
pub(crate) fn stream() -> impl Strategy<Value = Vec<u8>> {
    let pieces: &[&[u8]] = &[
        b"data",
        b"data:",
        b"data: ",
        b"event:",
        b"event: ",
        b"id:",
        b"id: ",
        b"retry:",
        b"retry: ",
        b":",
        b": ",
        b" ",
        b"\n",
        b"\n",
        b"\n\n",
        b"\r",
        b"\r",
        b"\r\n",
        b"\r\n\r\n",
        b"\0",
        b"\t",
        b"dat",
        b"Data:",
        b"datax:",
        b"events:",
        b"i",
        b"a",
        b"b",
        b"0",
        b"9",
        b"12",
        b"18446744073709551616",
        b"\xEF\xBB\xBF",
        b"\xEF",
        b"\xBB",
        b"\xBF",
        b"\xE2\x80\xA8",
        b"\xC2\x85",
        b"\xC3\xA9",
        b"\xF0\x9F\x98\x80",
        b"\xF0\x9F",
        b"\xC0\x8A",
        b"\xFF",
    ];
    vec(select(pieces), 0..40).prop_map(|pieces| pieces.concat())
}

fn limits() -> impl Strategy<Value = Limits> {
    let limit = || prop_oneof![0..8_usize, 8..24_usize, Just(usize::MAX)];
    (limit(), limit(), limit(), limit(), limit()).prop_map(|(line, event, data_lines, name, id)| {
        Limits::default()
            .with_line(line)
            .with_event(event)
            .with_data_lines(data_lines)
            .with_name(name)
            .with_id(id)
    })
}
