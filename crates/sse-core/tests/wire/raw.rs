//! Blocks as they were written, and what a browser makes of them.

use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use sse_core::wire::{Block, BlockDecoder, BlockRef, DecodeError, Limits};

use crate::{
    model::stream,
    naive,
    outcome::{Outcome, Seen, cut},
    vectors::vectors,
};

#[test]
fn fields_come_as_they_were_written() {
    let blocks =
        blocks_in(b"\xEF\xBB\xBF\n\r\rid: 7\ndata\r\nDATA:  x\n: c\n:\n\nretry: 5\rid: a\0\r\r");

    let fields: Vec<Vec<_>> =
        blocks.iter().map(|block| block.as_ref().fields().collect()).collect();
    let first = vec![("id", "7"), ("data", ""), ("DATA", " x"), ("", " c"), ("", "")];
    assert_eq!(fields, [first, vec![("retry", "5"), ("id", "a\0")]]);
}

#[test]
fn a_block_sums_its_own_fields_up() {
    let blocks = blocks_in(
        b"id: 1\nid: 2\nid: 3\0\nevent: a\nevent: b\ndata: x\ndata\nretry: 1\nretry: x\n:c\n\n\
          event\n\nretry: 99999999999999999999\n\n",
    );

    let block = blocks[0].as_ref();
    assert_eq!((block.id(), block.event()), (Some("2"), Some("b")));
    assert_eq!(block.data().as_deref(), Some("x\n"));
    assert_eq!(block.retry(), Some(Duration::from_millis(1)));
    assert_eq!(block.comments().collect::<Vec<_>>(), ["c"]);
    let block = blocks[1].as_ref();
    assert_eq!((block.id(), block.event()), (None, Some("")));
    assert_eq!((block.data(), block.retry()), (None, None));
    assert_eq!(blocks[2].as_ref().retry(), Some(Duration::from_millis(u64::MAX)));
}

#[test]
fn vectors_seen_block_by_block_give_the_events_of_a_browser() {
    for vector in vectors() {
        let stream = vector.stream();

        for length in [1, 4096, usize::MAX] {
            let (blocks, error) = read(&mut BlockDecoder::new(), cut(&stream, &[length]));

            assert_eq!(error, None, "{}", vector.name);
            let outcome = interpreted(&blocks, &vector.initial_last_event_id);
            vector.check_events(&outcome, &format!("in blocks, pieces of {length}"));
        }
    }
}

#[test]
fn a_block_that_only_primes_the_last_event_id_has_empty_data() {
    let blocks = blocks_in(b"id: x\ndata:\n\nid: y\n\ndata: 1\n\n");

    let parts: Vec<_> =
        blocks.iter().map(|block| (block.as_ref().id(), block.as_ref().data())).collect();
    assert_eq!(parts, [(Some("x"), Some("".into())), (Some("y"), None), (None, Some("1".into()))]);
}

#[test]
fn lines_keep_their_ends_at_every_cut() {
    let stream = "\r\n\u{FEFF}a\r\nb:\rc\n\r\n\nd\r\r\n";
    for at in 0..=stream.len() {
        let (head, tail) = stream.as_bytes().split_at(at);

        let (blocks, _) = read(&mut BlockDecoder::new(), [head, tail]);

        let texts: Vec<_> = blocks.iter().map(|block| block.as_ref().as_str()).collect();
        assert_eq!(texts, ["\u{FEFF}a\r\nb:\rc\n", "d\r"], "cut at {at}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_replaced_in_the_whole_block_at_every_cut() {
    let stream = b"a: \xF0\x9F\x8E\nb\xFF: \xE2\x82\n\n";
    for at in 0..=stream.len() {
        let (head, tail) = stream.split_at(at);

        let (blocks, _) = read(&mut BlockDecoder::new(), [head, tail]);

        let fields: Vec<_> = blocks[0].as_ref().fields().collect();
        assert_eq!(fields, [("a", "\u{FFFD}"), ("b\u{FFFD}", "\u{FFFD}")], "cut at {at}");
    }
}

#[test]
fn limits_may_be_reached_and_not_passed_at_every_cut() {
    let line = DecodeError::LineTooLong { limit: 6 };
    let event = DecodeError::EventTooLong { limit: 12 };
    let limits = Limits::default().with_line(6).with_event(12);
    for (reached, passed, error) in [
        (":23456\n\n", ":234567\n\n", line),
        ("unknow\n\n", "unknown\n\n", line),
        ("a\nb\nc\nd\ne\nf\n\n", "a\nb\nc\nd\ne\nf\n\r\ng\nb\nc\nd\ne\nf\ng\n", event),
        ("a\r\nb\r\nc\r\nd\r\n234\r\n\r\n", "a\r\nb\r\nc\r\nd\r\n2345\r\n\r\n", event),
        ("\n\n\n\n\n\n\n\n\n\n\n\n\n\na\n\n", "12345\n123456\n", event),
    ] {
        for (stream, error) in [(reached, None), (passed, Some(error))] {
            for at in 0..=stream.len() {
                let (head, tail) = stream.as_bytes().split_at(at);
                let mut decoder = BlockDecoder::with_limits(limits);
                let found = read(&mut decoder, [head, tail]).1;
                assert_eq!(found, error, "{stream:?} cut at {at}");
            }
        }
    }
}

#[test]
fn an_error_stays_until_reset() {
    let mut decoder = BlockDecoder::with_limits(Limits::default().with_line(3));
    let error = DecodeError::LineTooLong { limit: 3 };

    let (blocks, found) = read(&mut decoder, [&b"a:1\n\nb:234"[..]]);
    assert_eq!((blocks.len(), found), (1, Some(error)));
    assert_eq!(decoder.decode(&mut &b"\n\n"[..]), Err(error));
    decoder.reset();
    assert_eq!(read(&mut decoder, [&b"c\n\n"[..]]).0.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn any_stream_gives_the_same_blocks_at_any_cut_and_a_browser_s_events(
        stream in stream(),
        lengths in vec(1..9_usize, 1..9),
    ) {
        let expected = blocks_in(&stream);

        for lengths in [&lengths[..], &[1]] {
            let (blocks, error) = read(&mut BlockDecoder::new(), cut(&stream, lengths));
            prop_assert_eq!(texts(&blocks), texts(&expected));
            prop_assert_eq!(error, None);
        }
        let mut browser = naive::read(&stream, "");
        browser.seen.retain(|seen| matches!(seen, Seen::Event { .. }));
        prop_assert_eq!(interpreted(&expected, ""), browser);
    }

    #[test]
    fn limits_are_passed_at_the_same_byte_whatever_the_cut(
        stream in stream(),
        line in 0..16_usize,
        event in 0..24_usize,
        lengths in vec(1..9_usize, 1..9),
    ) {
        let limits = Limits::default().with_line(line).with_event(event);
        let read_in = |lengths: &[usize]| {
            read(&mut BlockDecoder::with_limits(limits), cut(&stream, lengths))
        };

        let expected = read_in(&[1]);

        prop_assert_eq!(&read_in(&lengths), &expected);
        prop_assert_eq!(&read_in(&[usize::MAX]), &expected);
    }
}

/// The events that a browser dispatches for `blocks`.
fn interpreted(blocks: &[Block], last_event_id: &str) -> Outcome {
    let mut outcome = Outcome { last_event_id: last_event_id.to_owned(), ..Outcome::default() };
    for block in blocks.iter().map(Block::as_ref) {
        if let Some(id) = block.id() {
            id.clone_into(&mut outcome.last_event_id);
        }
        if let Some(data) = block.data() {
            let name = block.event().filter(|name| !name.is_empty()).unwrap_or("message");
            outcome.seen.push(Seen::event(name, &data, &outcome.last_event_id));
        }
    }
    outcome
}

fn texts(blocks: &[Block]) -> Vec<&str> {
    blocks.iter().map(|block| block.as_ref().as_str()).collect()
}

fn blocks_in(stream: &[u8]) -> Vec<Block> {
    let (blocks, error) = read(&mut BlockDecoder::new(), [stream]);
    assert_eq!(error, None);
    blocks
}

fn read<'a>(
    decoder: &mut BlockDecoder,
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Block>, Option<DecodeError>) {
    let mut blocks = Vec::new();
    for mut part in parts {
        loop {
            match decoder.decode(&mut part).map(|block| block.as_ref().map(BlockRef::to_owned)) {
                Ok(Some(block)) => blocks.push(block),
                Ok(None) => break,
                Err(error) => return (blocks, Some(error)),
            }
        }
        assert!(part.is_empty(), "more was asked for with bytes left");
    }
    (blocks, None)
}
