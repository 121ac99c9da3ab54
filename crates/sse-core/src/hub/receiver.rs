use std::{
    task::{Poll, Waker},
    time::Instant,
};

use bytes::Bytes;

use super::Subscriber;
use crate::{
    Decoder, Item,
    channel::{CloseReason, Output},
    history::Position,
    wire::{Limits, MessageEvent},
};

/// A listener in this process: the events of a channel, not the bytes of a stream.
///
/// It is a listener like any other: it counts, may be refused, falls behind and is replaced.
///
/// ```
/// # use std::{task::{Poll, Waker}, time::Instant};
/// use sse_core::{Event, Hub, HubConfig, StringFormat, Token, hub::EventReceiver};
///
/// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
/// let token = Token::new("42")?;
/// let mut receiver = EventReceiver::from(hub.subscribe(&token, now)?);
/// hub.send(&token, Event::data("hi"), now)?.wake();
///
/// let Poll::Ready(Some(delivered)) = receiver.poll_next(Waker::noop(), now) else {
///     panic!("an event is there");
/// };
/// assert_eq!(delivered.event.data(), "hi");
///
/// hub.close(&token, now)?.wake();
/// assert_eq!(receiver.poll_next(Waker::noop(), now), Poll::Ready(None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct EventReceiver {
    subscriber: Subscriber,
    decoder: Decoder,
    input: Bytes,
    until: Option<Instant>,
    end: Option<CloseReason>,
}

/// An event that has reached a [`EventReceiver`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Delivered {
    /// The event; `sse.gap` where some are missing before what follows.
    pub event: MessageEvent,
    /// Its position, in a hub with history: a [`Start`](crate::history::Start) from it goes on behind the
    /// event.
    pub position: Option<Position>,
}

impl EventReceiver {
    /// The next event; `None` once there will be no more, for the reason of [`Self::close_reason`].
    /// While there is none, `waker` is kept and woken when there is one, and at [`Self::until`] it is to
    /// be polled again.
    pub fn poll_next(&mut self, waker: &Waker, now: Instant) -> Poll<Option<Delivered>> {
        loop {
            if let Some(delivered) = self.decode() {
                return Poll::Ready(Some(delivered));
            }
            match self.subscriber.poll_output(waker, now) {
                Output::Write(bytes) => self.input = bytes,
                Output::Wait { until } => {
                    self.until = until;
                    return Poll::Pending;
                }
                Output::Close(reason) => {
                    self.end = Some(reason);
                    return Poll::Ready(None);
                }
            }
        }
    }

    /// When to poll again though nobody wakes it: a stream that is drained ends at a time of its own.
    pub fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Why there are no more events, once [`Self::poll_next`] has said so.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.end
    }

    /// The listener itself.
    pub fn subscriber(&self) -> &Subscriber {
        &self.subscriber
    }

    /// What comes next of what was read. What only speaks to a connection is left out.
    fn decode(&mut self) -> Option<Delivered> {
        let has_history = self.subscriber.resume().is_some();
        let mut input = &self.input[..];
        let mut delivered = None;
        while delivered.is_none()
            && let Ok(Some(item)) = self.decoder.decode(&mut input)
        {
            delivered = match item {
                Item::Event(event) if !SILENT.contains(&event.name()) => Some(Delivered {
                    event: event.to_owned(),
                    // Without a history an id is whatever its source says.
                    position: has_history
                        .then(|| Position::parse(event.last_event_id().as_bytes()))
                        .flatten(),
                }),
                _ => None,
            };
        }
        let read = self.input.len() - input.len();
        self.input = self.input.slice(read..);
        delivered
    }
}

impl From<Subscriber> for EventReceiver {
    fn from(subscriber: Subscriber) -> Self {
        // What the hub has taken it also delivers, however long.
        let all = usize::MAX;
        let limits = Limits::default().with_line(all).with_event(all).with_data_lines(all);
        let decoder = Decoder::with_limits(limits.with_name(all).with_id(all));
        Self { subscriber, decoder, input: Bytes::new(), until: None, end: None }
    }
}

const SILENT: [&str; 4] = ["sse.open", "sse.end", "sse.replaced", "sse.expired"];
