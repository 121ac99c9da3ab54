use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read},
};

use sse_core::{
    reader::{ReadError, Reader},
    wire::BlockDecoder,
};

use crate::{STREAM, check_events, check_items, check_limit, items, limited};

#[test]
fn every_cut_gives_the_same_items() {
    for size in 1..=STREAM.len() {
        let source = || BufReader::with_capacity(size, STREAM.as_bytes());

        check_events(&Reader::new(source()).map(Result::unwrap).collect::<Vec<_>>());
        let reader = Reader::with_decoder(source(), items());
        check_items(&reader.map(Result::unwrap).collect::<Vec<_>>());
        assert_eq!(Reader::with_decoder(source(), BlockDecoder::new()).count(), 3);
    }
}

#[test]
fn behind_the_end_nothing_is_read() {
    let mut reader = Reader::new(Script(VecDeque::from([Ok("data: 1\n\n"), Ok("")])));

    assert_eq!(reader.next().unwrap().unwrap().data(), "1");
    assert!(reader.next().is_none());
    assert!(reader.next().is_none());
}

#[test]
fn behind_an_error_nothing_is_read() {
    let mut reader = Reader::new(Script(VecDeque::from([
        Err(io::ErrorKind::Interrupted),
        Ok("data: 1\n\n"),
        Err(io::ErrorKind::ConnectionReset),
    ])));

    assert_eq!(reader.next().unwrap().unwrap().data(), "1");
    let error = reader.next().unwrap().unwrap_err();
    assert!(
        matches!(&error, ReadError::Source(error) if error.kind() == io::ErrorKind::ConnectionReset)
    );
    assert!(reader.next().is_none());
}

#[test]
fn a_limit_ends_it() {
    let mut reader = Reader::with_decoder(Script(VecDeque::from([Ok(STREAM)])), limited());

    check_limit(reader.next().unwrap().unwrap_err());
    assert!(reader.next().is_none());
}

#[test]
fn the_last_event_id_goes_on_to_the_next_source() {
    let mut reader = Reader::new(STREAM.as_bytes());
    assert_eq!(reader.by_ref().count(), 2);

    let (_, mut decoder) = reader.into_parts();
    decoder.reset();

    let mut next = Reader::with_decoder(&b"data: 1\n\n"[..], decoder);
    assert_eq!(next.next().unwrap().unwrap().last_event_id(), "7");
}

/// Gives each of its parts once, and panics when it is asked for more.
struct Script(VecDeque<Result<&'static str, io::ErrorKind>>);

impl BufRead for Script {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.0[0] {
            Ok(part) if !part.is_empty() => Ok(part.as_bytes()),
            step => {
                self.0.pop_front();
                step.map(str::as_bytes).map_err(io::Error::from)
            }
        }
    }

    fn consume(&mut self, amount: usize) {
        let Ok(part) = &mut self.0[0] else { panic!("nothing was read") };
        *part = &part[amount..];
        if part.is_empty() {
            self.0.pop_front();
        }
    }
}

impl Read for Script {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        unreachable!("it is read as a BufRead")
    }
}
