use std::{
    convert::Infallible,
    task::{Context, Poll, Waker},
};

use bytes::Buf;
use futures_core::FusedStream;
use futures_util::{FutureExt, StreamExt, stream};
use http::HeaderMap;
use http_body::Frame;
use http_body_util::StreamBody;
use sse_core::{
    BlockDecoder,
    reader::{BodyStream, ReadError},
};

use crate::{STREAM, check_events, check_items, check_limit, items, limited, script::script};

#[test]
fn every_cut_gives_the_same_items() {
    for at in 0..=STREAM.len() {
        let (head, tail) = STREAM.as_bytes().split_at(at);
        let body = || {
            let trailers = Frame::trailers(HeaderMap::new());
            let frames = [Frame::data(head), Frame::data(&b""[..]), Frame::data(tail), trailers];
            StreamBody::new(stream::iter(frames.map(Ok::<_, Infallible>)))
        };

        let events = BodyStream::new(body()).map(Result::unwrap).collect::<Vec<_>>();
        check_events(&events.now_or_never().unwrap());
        let all = BodyStream::with_decoder(body(), items()).map(Result::unwrap);
        check_items(&all.collect::<Vec<_>>().now_or_never().unwrap());
        let blocks = BodyStream::with_decoder(body(), BlockDecoder::new());
        assert_eq!(blocks.count().now_or_never(), Some(3));
    }
}

#[test]
fn it_waits_for_its_body_and_goes_on() {
    let mut events = BodyStream::new(StreamBody::new(script([
        Poll::Ready(Some(Ok::<_, Infallible>(Frame::data(&b"data: "[..])))),
        Poll::Pending,
        Poll::Ready(Some(Ok(Frame::data(&b"1\n\n"[..])))),
    ])));
    let mut cx = Context::from_waker(Waker::noop());

    assert!(events.poll_next_unpin(&mut cx).is_pending());
    let Poll::Ready(Some(Ok(event))) = events.poll_next_unpin(&mut cx) else {
        panic!("all of it came");
    };
    assert_eq!(event.data(), "1");
}

#[test]
fn data_may_lie_in_several_pieces() {
    for at in 0..=STREAM.len() {
        let (head, tail) = STREAM.as_bytes().split_at(at);
        let frame = Frame::data(head.chain(tail));

        let body = StreamBody::new(stream::iter([Ok::<_, Infallible>(frame)]));

        let events = BodyStream::new(body).map(Result::unwrap).collect::<Vec<_>>();
        check_events(&events.now_or_never().unwrap());
    }
}

#[test]
fn behind_the_end_the_body_is_not_polled() {
    let frame = Frame::data(&b"data: 1\n\n"[..]);
    let steps = [Poll::Ready(Some(Ok::<_, Infallible>(frame))), Poll::Ready(None)];
    let mut events = BodyStream::new(StreamBody::new(script(steps)));

    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data(), "1");
    assert!(!events.is_terminated());
    for _ in 0..3 {
        assert!(events.next().now_or_never().unwrap().is_none());
    }
    assert!(events.is_terminated());
}

#[test]
fn behind_an_error_the_body_is_not_polled() {
    let frame = Frame::data(&b"data: 1\n\n"[..]);
    let steps = [Poll::Ready(Some(Ok(frame))), Poll::Ready(Some(Err("broken")))];
    let mut events = BodyStream::new(StreamBody::new(script(steps)));

    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data(), "1");
    let error = events.next().now_or_never().unwrap().unwrap().unwrap_err();
    assert!(matches!(error, ReadError::Source("broken")));
    for _ in 0..3 {
        assert!(events.next().now_or_never().unwrap().is_none());
    }
    assert_eq!(events.into_decoder().last_event_id(), "");
}

#[test]
fn a_limit_ends_it() {
    let frame = Frame::data(STREAM.as_bytes());
    let body = StreamBody::new(script([Poll::Ready(Some(Ok::<_, Infallible>(frame)))]));
    let mut events = BodyStream::with_decoder(body, limited());

    check_limit(events.next().now_or_never().unwrap().unwrap().unwrap_err());
    assert!(events.next().now_or_never().unwrap().is_none());
}
