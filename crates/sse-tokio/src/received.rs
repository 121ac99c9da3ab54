use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};

/// What comes through a channel of [`tokio::sync::mpsc`], as a stream that ends with its senders.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use futures_util::StreamExt;
/// # use sse_tokio::Received;
/// use tokio::sync::mpsc;
///
/// let (numbers, receiver) = mpsc::unbounded_channel();
/// numbers.send(42).expect("there is a receiver");
/// drop(numbers);
///
/// assert_eq!(Received::from(receiver).collect::<Vec<_>>().await, [42]);
/// # }
/// ```
#[derive(Debug)]
#[must_use = "streams do nothing unless they are polled"]
pub struct Received<T>(Channel<T>);

#[derive(Debug)]
enum Channel<T> {
    Bounded(Receiver<T>),
    Unbounded(UnboundedReceiver<T>),
}

impl<T> From<Receiver<T>> for Received<T> {
    fn from(receiver: Receiver<T>) -> Self {
        Self(Channel::Bounded(receiver))
    }
}

impl<T> From<UnboundedReceiver<T>> for Received<T> {
    fn from(receiver: UnboundedReceiver<T>) -> Self {
        Self(Channel::Unbounded(receiver))
    }
}

impl<T> Stream for Received<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        match &mut self.0 {
            Channel::Bounded(receiver) => receiver.poll_recv(cx),
            Channel::Unbounded(receiver) => receiver.poll_recv(cx),
        }
    }
}
