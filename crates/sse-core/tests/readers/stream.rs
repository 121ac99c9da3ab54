use std::{
    convert::Infallible,
    task::{Context, Poll, Waker},
};

use futures_util::{FutureExt, StreamExt, stream};
use sse_core::{
    BlockDecoder,
    reader::{EventStream, ReadError},
};

use crate::{STREAM, check_events, check_items, check_limit, items, limited};

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
fn it_waits_for_its_source() {
    let source = stream::once(async { Ok::<_, Infallible>("data: 1") }).chain(stream::pending());
    let mut events = EventStream::new(source.boxed());

    let polled = events.poll_next_unpin(&mut Context::from_waker(Waker::noop()));

    assert!(matches!(polled, Poll::Pending));
}

#[test]
fn behind_the_end_the_source_is_not_polled() {
    let mut events = EventStream::new(stream::iter([Ok::<_, Infallible>("data: 1\n\n")]).boxed());

    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data(), "1");
    // The source would panic: it is a generator that has ended.
    for _ in 0..3 {
        assert!(events.next().now_or_never().unwrap().is_none());
    }
    assert!(futures_core::FusedStream::is_terminated(&events));
}

#[test]
fn behind_an_error_the_source_is_not_polled() {
    let parts = [Ok("data: 1\n\n"), Err("broken"), Ok("data: 2\n\n")];
    let mut events = EventStream::new(stream::iter(parts));

    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data(), "1");
    let error = events.next().now_or_never().unwrap().unwrap().unwrap_err();
    assert!(matches!(error, ReadError::Source("broken")));
    assert!(events.next().now_or_never().unwrap().is_none());
}

#[test]
fn a_limit_ends_it() {
    let source = stream::iter([Ok::<_, Infallible>(STREAM), Ok("data: 2\n\n")]);
    let mut events = EventStream::with_decoder(source, limited());

    check_limit(events.next().now_or_never().unwrap().unwrap().unwrap_err());
    assert!(events.next().now_or_never().unwrap().is_none());
}
