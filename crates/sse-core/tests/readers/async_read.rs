use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{FutureExt, StreamExt};
use sse_core::{
    reader::{AsyncReadStream, ReadError},
    wire::BlockDecoder,
};
use tokio::io::{AsyncBufRead, AsyncRead, BufReader, ReadBuf};

use crate::{STREAM, items, limited, polled};

#[test]
fn every_cut_gives_the_same_items() {
    for size in 1..=STREAM.len() {
        let source = || BufReader::with_capacity(size, STREAM.as_bytes());

        polled::gives_everything(
            AsyncReadStream::new(source()),
            AsyncReadStream::with_decoder(source(), items()),
            AsyncReadStream::with_decoder(source(), BlockDecoder::new()),
        );
    }
}

#[test]
fn it_waits_for_its_source_and_goes_on() {
    let steps = [Poll::Ready(Ok("data: ")), Poll::Pending, Poll::Ready(Ok("1\n\n"))];

    polled::waits_and_goes_on(AsyncReadStream::new(script(steps)));
}

#[test]
fn behind_the_end_nothing_is_read() {
    let steps = [Poll::Ready(Ok("data: 1\n\n")), Poll::Ready(Ok(""))];

    polled::ends_once(&mut AsyncReadStream::new(script(steps)));
}

#[test]
fn behind_an_error_nothing_is_read() {
    let reset = io::ErrorKind::ConnectionReset;
    let steps = [Poll::Ready(Ok("id: 7\ndata: 1\n\n")), Poll::Ready(Err(reset))];
    let mut events = AsyncReadStream::new(script(steps));

    let error = polled::fails_once(&mut events);

    assert!(matches!(&error, ReadError::Source(error) if error.kind() == reset));
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
    polled::ends_at_a_limit(&mut AsyncReadStream::with_decoder(STREAM.as_bytes(), limited()));
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
