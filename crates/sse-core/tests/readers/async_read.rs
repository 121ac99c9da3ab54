use futures_util::{FutureExt, StreamExt};
use sse_core::{BlockDecoder, reader::AsyncReadStream};
use tokio::io::BufReader;

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
fn behind_a_limit_there_is_nothing() {
    let mut events = AsyncReadStream::with_decoder(STREAM.as_bytes(), limited());

    check_limit(events.next().now_or_never().unwrap().unwrap().unwrap_err());
    assert!(events.next().now_or_never().unwrap().is_none());
    assert!(futures_core::FusedStream::is_terminated(&events));
}
