use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{FutureExt, SinkExt, StreamExt};
use sse_core::{
    Event,
    event::EventId,
    reader::{Codec, ReadError},
    wire::BlockDecoder,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio_util::codec::{Framed, FramedRead, FramedWrite};

use crate::{STREAM, check_events, check_items, check_limit, items, limited};

#[test]
fn every_cut_gives_the_same_items() {
    for size in 1..=STREAM.len() {
        let events = FramedRead::with_capacity(STREAM.as_bytes(), Codec::new(), size);
        let events = events.map(Result::unwrap).collect::<Vec<_>>();
        check_events(&events.now_or_never().unwrap());
        let all = FramedRead::with_capacity(STREAM.as_bytes(), Codec::with_decoder(items()), size);
        check_items(&all.map(Result::unwrap).collect::<Vec<_>>().now_or_never().unwrap());
        let blocks = Codec::with_decoder(BlockDecoder::new());
        let blocks = FramedRead::with_capacity(STREAM.as_bytes(), blocks, size);
        assert_eq!(blocks.count().now_or_never(), Some(3));
    }
}

#[tokio::test]
async fn events_cross_a_connection_and_come_back() {
    let (ours, theirs) = tokio::io::duplex(16);
    let writer = async move {
        let mut events = FramedWrite::new(ours, Codec::new());
        for id in 0..100 {
            let event = Event::data("a\nb").with_id(EventId::new(id.to_string()).unwrap());
            if id % 2 == 0 {
                events.send(&event).await.unwrap();
            } else {
                events.send(event).await.unwrap();
            }
        }
        events.into_inner().shutdown().await.unwrap();
    };
    let reader = FramedRead::new(theirs, Codec::new()).map(Result::unwrap).collect::<Vec<_>>();

    let ((), events) = tokio::join!(writer, reader);

    let ids = events.iter().map(|event| event.last_event_id().to_owned());
    assert!(ids.eq((0..100).map(|id| id.to_string())));
    assert!(events.iter().all(|event| event.data() == "a\nb"));
}

#[tokio::test]
async fn both_ends_of_a_connection_may_write_and_read() {
    let (ours, theirs) = tokio::io::duplex(16);
    let mut ours = Framed::new(ours, Codec::new());
    let mut theirs = Framed::new(theirs, Codec::new());

    let (sent, asked) =
        tokio::join!(ours.send(Event::data("ping, with more than fits")), theirs.next());
    sent.unwrap();
    let event = asked.unwrap().unwrap();
    let (sent, answer) = tokio::join!(theirs.send(Event::data(event.data())), ours.next());
    sent.unwrap();

    assert_eq!(answer.unwrap().unwrap().data(), "ping, with more than fits");
}

#[test]
fn an_error_of_the_source_passes_through() {
    let source = b"id: 7\ndata: 1\n\n".chain(Broken);
    let mut events = FramedRead::new(source, Codec::new());

    assert_eq!(events.next().now_or_never().unwrap().unwrap().unwrap().data(), "1");
    let error = events.next().now_or_never().unwrap().unwrap().unwrap_err();
    assert!(
        matches!(&error, ReadError::Source(error) if error.kind() == io::ErrorKind::ConnectionReset)
    );
    assert_eq!(events.decoder().decoder().last_event_id(), "7");
}

#[test]
fn behind_a_limit_there_is_nothing() {
    let mut events = FramedRead::new(STREAM.as_bytes(), Codec::with_decoder(limited()));

    check_limit(events.next().now_or_never().unwrap().unwrap().unwrap_err());
    for _ in 0..3 {
        assert!(events.next().now_or_never().unwrap().is_none());
    }
}

struct Broken;

impl AsyncRead for Broken {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
    }
}
