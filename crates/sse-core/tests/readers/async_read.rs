use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use futures_core::FusedStream;
use futures_util::{FutureExt, StreamExt};
use sse_core::{
    BlockDecoder,
    reader::{AsyncReadStream, ReadError},
};
use tokio::io::{AsyncBufRead, AsyncRead, BufReader, ReadBuf};

use crate::{STREAM, check_events, check_items, check_limit, items, limited};

#[test]
fn every_cut_gives_the_same_items() {
    for size in 1..=STREAM.len() {
        let source = || BufReader::with_capacity(size, STREAM.as_bytes());

        let events = AsyncReadStream::new(source()).map(Result::unwrap).collect::<Vec<_>>();
        check_events(&events.now_or_never().unwrap());
        let all = AsyncReadStream::with_decoder(source(), items()).map(Result::unwrap);
        check_items(&all.collect::<Vec<_>>().now_or_never().unwrap());
        let blocks = AsyncReadStream::with_decoder(source(), BlockDecoder::new());
        assert_eq!(blocks.count().now_or_never(), Some(3));
    }
}

#[test]
fn it_waits_for_its_source_and_goes_on() {
    let mut events = AsyncReadStream::new(script([
        Poll::Ready(Ok("data: ")),
        Poll::Pending,
        Poll::Ready(Ok("1\n\n")),
    ]));
    let mut cx = Context::from_waker(Waker::noop());

    assert!(events.poll_next_unpin(&mut cx).is_pending());
    let Poll::Ready(Some(Ok(event))) = events.poll_next_unpin(&mut cx) else {
        panic!("all of it came");
    };
    assert_eq!(event.data(), "1");
}

#[test]
fn behind_the_end_nothing_is_read() {
    let steps = [Poll::Ready(Ok("data: 1\n\n")), Poll::Ready(Ok(""))];
    let mut events = AsyncReadStream::new(script(steps));

    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data(), "1");
    assert!(!events.is_terminated());
    for _ in 0..3 {
        assert!(events.next().now_or_never().unwrap().is_none());
    }
    assert!(events.is_terminated());
}

#[test]
fn behind_an_error_nothing_is_read() {
    let reset = io::ErrorKind::ConnectionReset;
    let steps = [Poll::Ready(Ok("id: 7\ndata: 1\n\n")), Poll::Ready(Err(reset))];
    let mut events = AsyncReadStream::new(script(steps));

    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data(), "1");
    let error = events.next().now_or_never().unwrap().unwrap().unwrap_err();
    assert!(matches!(&error, ReadError::Source(error) if error.kind() == reset));
    for _ in 0..3 {
        assert!(events.next().now_or_never().unwrap().is_none());
    }
    assert_eq!(events.decoder().last_event_id(), "7");
}

#[test]
fn what_was_not_read_stays_in_the_source() {
    let mut events = AsyncReadStream::new(&b"data: 1\n\ndata: 2\n\n"[..]);

    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data(), "1");

    assert_eq!(events.into_parts().0, b"data: 2\n\n");
}

#[test]
fn behind_a_limit_there_is_nothing() {
    let mut events = AsyncReadStream::with_decoder(STREAM.as_bytes(), limited());

    check_limit(events.next().now_or_never().unwrap().unwrap().unwrap_err());
    assert!(events.next().now_or_never().unwrap().is_none());
    assert!(events.is_terminated());
}

type Step = Poll<Result<&'static str, io::ErrorKind>>;

/// Gives each of `steps` once, and panics when it is read behind them.
fn script(steps: impl IntoIterator<Item = Step>) -> Script {
    Script(steps.into_iter().collect())
}

struct Script(VecDeque<Step>);

impl AsyncBufRead for Script {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let steps = &mut self.get_mut().0;
        match steps[0] {
            Poll::Ready(Ok(part)) if !part.is_empty() => Poll::Ready(Ok(part.as_bytes())),
            step => {
                steps.pop_front();
                step.map_ok(str::as_bytes).map_err(io::Error::from)
            }
        }
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let steps = &mut self.get_mut().0;
        let Poll::Ready(Ok(part)) = &mut steps[0] else { panic!("nothing was read") };
        *part = &part[amount..];
        if part.is_empty() {
            steps.pop_front();
        }
    }
}

impl AsyncRead for Script {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        unreachable!("it is read as an AsyncBufRead")
    }
}
