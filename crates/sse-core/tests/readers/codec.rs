use futures_util::{FutureExt, SinkExt, StreamExt};
use sse_core::{Event, EventId, reader::Codec};
use tokio::io::AsyncWriteExt;
use tokio_util::codec::{FramedRead, FramedWrite};

use crate::{STREAM, check_events, check_items, check_limit, items, limited};

#[test]
fn every_cut_gives_the_same_items() {
    for size in 1..=STREAM.len() {
        let events = FramedRead::with_capacity(STREAM.as_bytes(), Codec::new(), size);
        let events = events.map(Result::unwrap).collect::<Vec<_>>();
        check_events(&events.now_or_never().unwrap());
        let all = FramedRead::with_capacity(STREAM.as_bytes(), Codec::with_decoder(items()), size);
        check_items(&all.map(Result::unwrap).collect::<Vec<_>>().now_or_never().unwrap());
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

#[test]
fn behind_a_limit_there_is_nothing() {
    let mut events = FramedRead::new(STREAM.as_bytes(), Codec::with_decoder(limited()));

    check_limit(events.next().now_or_never().unwrap().unwrap().unwrap_err());
    for _ in 0..3 {
        assert!(events.next().now_or_never().unwrap().is_none());
    }
}
