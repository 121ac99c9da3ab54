use std::{convert::Infallible, task::Poll};

use bytes::Buf;
use futures_util::{FutureExt, StreamExt, stream};
use http::HeaderMap;
use http_body::Frame;
use http_body_util::StreamBody;
use sse_core::{
    reader::{BodyStream, ReadError},
    wire::BlockDecoder,
};

use crate::{STREAM, check_events, items, limited, polled, script::script};

#[test]
fn every_cut_gives_the_same_items() {
    for at in 0..=STREAM.len() {
        let (head, tail) = STREAM.as_bytes().split_at(at);
        let body = || {
            let trailers = Frame::trailers(HeaderMap::new());
            let frames = [Frame::data(head), Frame::data(&b""[..]), Frame::data(tail), trailers];
            StreamBody::new(stream::iter(frames.map(Ok::<_, Infallible>)))
        };

        polled::gives_everything(
            BodyStream::new(body()),
            BodyStream::with_decoder(body(), items()),
            BodyStream::with_decoder(body(), BlockDecoder::new()),
        );
    }
}

#[test]
fn it_waits_for_its_body_and_goes_on() {
    polled::waits_and_goes_on(BodyStream::new(StreamBody::new(script([
        data("data: "),
        Poll::Pending,
        data("1\n\n"),
    ]))));
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
    let body = StreamBody::new(script([data("data: 1\n\n"), Poll::Ready(None)]));

    polled::ends_once(&mut BodyStream::new(body));
}

#[test]
fn behind_an_error_the_body_is_not_polled() {
    let frame = Frame::data(&b"data: 1\n\n"[..]);
    let steps = [Poll::Ready(Some(Ok(frame))), Poll::Ready(Some(Err("broken")))];
    let mut events = BodyStream::new(StreamBody::new(script(steps)));

    let error = polled::fails_once(&mut events);

    assert!(matches!(error, ReadError::Source("broken")));
    assert_eq!(events.into_decoder().last_event_id(), "");
}

#[test]
fn a_limit_ends_it() {
    let body = StreamBody::new(script([data(STREAM)]));

    polled::ends_at_a_limit(&mut BodyStream::with_decoder(body, limited()));
}

/// A step of a script.
type Step = Poll<Option<Result<Frame<&'static [u8]>, Infallible>>>;

fn data(text: &'static str) -> Step {
    Poll::Ready(Some(Ok(Frame::data(text.as_bytes()))))
}
