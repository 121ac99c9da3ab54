//! What every reader that is polled must do, whatever it reads from.

use std::{
    fmt::Debug,
    task::{Context, Poll, Waker},
};

use futures_core::{FusedStream, Stream};
use futures_util::{FutureExt, StreamExt};
use sse_core::{
    reader::{OwnedItem, ReadError},
    wire::MessageEvent,
};

use crate::{check_events, check_items, check_limit};

/// The source gives all of the stream: the events, all items, and three blocks.
pub(crate) fn gives_everything<E: Debug, B>(
    events: impl Events<E>,
    items: impl Stream<Item = Result<OwnedItem, ReadError<E>>>,
    blocks: impl Stream<Item = Result<B, ReadError<E>>>,
) {
    let events = events.map(Result::unwrap).collect::<Vec<_>>();
    check_events(&events.now_or_never().unwrap());
    check_items(&items.map(Result::unwrap).collect::<Vec<_>>().now_or_never().unwrap());
    assert_eq!(blocks.count().now_or_never(), Some(3));
}

/// The source gives the first half of an event, makes it wait, and gives the other.
pub(crate) fn waits_and_goes_on<E: Debug>(mut events: impl Events<E>) {
    let mut cx = Context::from_waker(Waker::noop());

    assert!(events.poll_next_unpin(&mut cx).is_pending());
    let Poll::Ready(Some(Ok(event))) = events.poll_next_unpin(&mut cx) else {
        panic!("all of it came");
    };
    assert_eq!(event.data(), "1");
}

/// The source gives one event, then its end, and panics when it is polled again.
pub(crate) fn ends_once<E: Debug>(events: &mut impl Events<E>) {
    assert_eq!(next(events).unwrap().unwrap().data(), "1");
    assert!(!events.is_terminated());
    stays_at_its_end(events);
}

/// The source gives one event, then an error, and panics when it is polled again.
pub(crate) fn fails_once<E: Debug>(events: &mut impl Events<E>) -> ReadError<E> {
    assert_eq!(next(events).unwrap().unwrap().data(), "1");
    let error = next(events).unwrap().unwrap_err();
    stays_at_its_end(events);
    error
}

/// The source gives the stream, whose first event passes the limit.
pub(crate) fn ends_at_a_limit<E: Debug>(events: &mut impl Events<E>) {
    check_limit(next(events).unwrap().unwrap_err());
    stays_at_its_end(events);
}

/// A reader of events.
pub(crate) trait Events<E>:
    FusedStream<Item = Result<MessageEvent, ReadError<E>>> + Unpin
{
}

impl<E, S: FusedStream<Item = Result<MessageEvent, ReadError<E>>> + Unpin> Events<E> for S {}

fn next<E>(events: &mut impl Events<E>) -> Option<Result<MessageEvent, ReadError<E>>> {
    events.next().now_or_never().unwrap()
}

fn stays_at_its_end<E: Debug>(events: &mut impl Events<E>) {
    for _ in 0..3 {
        assert!(next(events).is_none());
    }
    assert!(events.is_terminated());
}
