use std::{convert::Infallible, task::Poll};

use futures_util::{FutureExt, StreamExt, stream};
use sse_core::{
    reader::{EventStream, ReadError},
    wire::BlockDecoder,
};

use crate::{STREAM, items, limited, polled, script::script};

#[test]
fn every_cut_gives_the_same_items() {
    for at in 0..=STREAM.len() {
        let (head, tail) = STREAM.as_bytes().split_at(at);
        let source = || stream::iter([head, b"", tail].map(Ok::<_, Infallible>));

        polled::gives_everything(
            EventStream::new(source()),
            EventStream::with_decoder(source(), items()),
            EventStream::with_decoder(source(), BlockDecoder::new()),
        );
    }
}

#[test]
fn it_waits_for_its_source_and_goes_on() {
    polled::waits_and_goes_on(EventStream::new(script([
        Poll::Ready(Some(Ok::<_, Infallible>("data: "))),
        Poll::Pending,
        Poll::Ready(Some(Ok("1\n\n"))),
    ])));
}

#[test]
fn behind_the_end_the_source_is_not_polled() {
    let source = script([Poll::Ready(Some(Ok::<_, Infallible>("data: 1\n\n"))), Poll::Ready(None)]);

    polled::ends_once(&mut EventStream::new(source));
}

#[test]
fn behind_an_error_the_source_is_not_polled() {
    let source = script([Poll::Ready(Some(Ok("data: 1\n\n"))), Poll::Ready(Some(Err("broken")))]);

    let error = polled::fails_once(&mut EventStream::new(source));

    assert!(matches!(error, ReadError::Source("broken")));
}

#[test]
fn the_last_event_id_goes_on_to_the_next_source() {
    let source = stream::iter([Ok::<_, Infallible>(STREAM)]);
    let mut events = EventStream::new(source);
    assert_eq!(events.by_ref().count().now_or_never(), Some(2));

    let mut decoder = events.into_decoder();
    decoder.reset();

    assert_eq!(decoder.last_event_id(), "7");
}

#[test]
fn a_limit_ends_it() {
    let source = script([Poll::Ready(Some(Ok::<_, Infallible>(STREAM)))]);

    polled::ends_at_a_limit(&mut EventStream::with_decoder(source, limited()));
}
