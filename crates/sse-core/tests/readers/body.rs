use std::convert::Infallible;

use futures_util::{FutureExt, StreamExt, stream};
use http::HeaderMap;
use http_body::Frame;
use http_body_util::StreamBody;
use sse_core::{
    BlockDecoder,
    reader::{BodyStream, ReadError},
};

use crate::{STREAM, check_events, check_items, check_limit, items, limited};

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
fn behind_an_error_the_body_is_not_polled() {
    let frames = [Ok(Frame::data(&b"data: 1\n\n"[..])), Err("broken")];
    let mut events = BodyStream::new(StreamBody::new(stream::iter(frames)));

    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data(), "1");
    let error = events.next().now_or_never().unwrap().unwrap().unwrap_err();
    assert!(matches!(error, ReadError::Source("broken")));
    assert!(events.next().now_or_never().unwrap().is_none());
    assert!(futures_core::FusedStream::is_terminated(&events));
}

#[test]
fn a_limit_ends_it() {
    let mut events = BodyStream::with_decoder(STREAM.to_owned(), limited());

    check_limit(events.next().now_or_never().unwrap().unwrap().unwrap_err());
    assert!(events.next().now_or_never().unwrap().is_none());
}
