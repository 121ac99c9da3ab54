use std::{
    convert::Infallible,
    task::{Context, Poll, Waker},
};

use futures_core::FusedStream;
use futures_util::{FutureExt, StreamExt, stream};
use sse_core::{
    BlockDecoder,
    reader::{EventStream, ReadError},
};

use crate::{STREAM, check_events, check_items, check_limit, items, limited, script::script};

#[test]
fn every_cut_gives_the_same_items() {
    for at in 0..=STREAM.len() {
        let (head, tail) = STREAM.as_bytes().split_at(at);
        let source = || stream::iter([head, b"", tail].map(Ok::<_, Infallible>));

        let events = EventStream::new(source()).map(Result::unwrap).collect::<Vec<_>>();
        check_events(&events.now_or_never().unwrap());
        let all = EventStream::with_decoder(source(), items()).map(Result::unwrap);
        check_items(&all.collect::<Vec<_>>().now_or_never().unwrap());
        let blocks = EventStream::with_decoder(source(), BlockDecoder::new());
        assert_eq!(blocks.count().now_or_never(), Some(3));
    }
}

#[test]
fn it_waits_for_its_source_and_goes_on() {
    let source = script([
        Poll::Ready(Some(Ok::<_, Infallible>("data: "))),
        Poll::Pending,
        Poll::Ready(Some(Ok("1\n\n"))),
    ]);
    let mut events = EventStream::new(source);
    let mut cx = Context::from_waker(Waker::noop());

    assert!(events.poll_next_unpin(&mut cx).is_pending());
    let Poll::Ready(Some(Ok(event))) = events.poll_next_unpin(&mut cx) else {
        panic!("all of it came");
    };
    assert_eq!(event.data(), "1");
}

#[test]
fn behind_the_end_the_source_is_not_polled() {
    let source = script([Poll::Ready(Some(Ok::<_, Infallible>("data: 1\n\n"))), Poll::Ready(None)]);
    let mut events = EventStream::new(source);

    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data(), "1");
    assert!(!events.is_terminated());
    for _ in 0..3 {
        assert!(events.next().now_or_never().unwrap().is_none());
    }
    assert!(events.is_terminated());
}

#[test]
fn behind_an_error_the_source_is_not_polled() {
    let source = script([Poll::Ready(Some(Ok("data: 1\n\n"))), Poll::Ready(Some(Err("broken")))]);
    let mut events = EventStream::new(source);

    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data(), "1");
    let error = events.next().now_or_never().unwrap().unwrap().unwrap_err();
    assert!(matches!(error, ReadError::Source("broken")));
    for _ in 0..3 {
        assert!(events.next().now_or_never().unwrap().is_none());
    }
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
    let mut events = EventStream::with_decoder(source, limited());

    check_limit(events.next().now_or_never().unwrap().unwrap().unwrap_err());
    assert!(events.next().now_or_never().unwrap().is_none());
}
