use std::{
    cell::RefCell,
    io, mem,
    rc::Rc,
    time::{Duration, Instant},
};

use sse_core::{Decoder, Item, client::SystemEvent};

use super::{
    config::Endpoint,
    connection::{BUFFER, Body, Connection},
    script::Script,
    stamp::Stamp,
    tally::{Order, Tally},
    template::Values,
};

/// One stream that is listened to, and what is expected of it next.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) channel: usize,
    order: Rc<RefCell<Order>>,
}

impl Listener {
    /// Opens the stream; the body is then read by a [`Reader`].
    pub(super) async fn open(
        endpoint: &Endpoint,
        channel: usize,
        listener: usize,
    ) -> io::Result<(Self, Body)> {
        let mut connection = Connection::open(endpoint).await?;
        let head = connection.send(&request(endpoint, channel, listener)).await?;
        if head.status != 200 {
            return Err(io::Error::other(format!("listening was answered {}", head.status)));
        }
        Ok((Self { channel, order: Rc::default() }, connection.into_body(head)))
    }

    /// A second handle to it, for the task that reads.
    pub(super) fn share(&self) -> Self {
        Self { channel: self.channel, order: self.order.clone() }
    }

    /// The same for one that comes while events are published: its first event is any.
    pub(super) fn amid(self) -> Self {
        self.order.replace(Order::amid());
        self
    }

    /// How many of `acknowledged`, by publisher, have not come, nor anything after them.
    pub(super) fn missing(&self, acknowledged: &[u64]) -> u64 {
        let order = self.order.borrow();
        let left = acknowledged.iter().enumerate();
        left.map(|(publisher, &sent)| sent.saturating_sub(order.next(publisher))).sum()
    }
}

/// What a listener asks for.
pub(super) fn request(endpoint: &Endpoint, channel: usize, listener: usize) -> String {
    let mut request = String::new();
    let values = Values { channel, listener, ..Values::default() };
    endpoint.head.write(values, &mut request);
    request.push_str("accept: text/event-stream\r\n\r\n");
    request
}

/// What takes the events out of a stream and counts them.
#[derive(Debug)]
pub(super) struct Reader {
    listener: Listener,
    tally: Tally,
    begun: Instant,
    decoder: Decoder,
    /// None where nobody else gets the same events.
    script: Option<Rc<RefCell<Script>>>,
    /// How many events have come.
    events: u64,
    /// Whether the decoder stands at the beginning of an event.
    is_between: bool,
}

impl Reader {
    pub(super) fn new(
        listener: Listener,
        tally: Tally,
        begun: Instant,
        script: Option<Rc<RefCell<Script>>>,
    ) -> Self {
        let decoder = Decoder::new().with_comments(true);
        Self { listener, tally, begun, decoder, script, events: 0, is_between: false }
    }

    /// Reads events until the stream ends.
    pub(super) async fn read(mut self, mut body: Body, buffer: Rc<RefCell<[u8; BUFFER]>>) {
        loop {
            // A clock read for all that is read at once, in however many pieces.
            let mut now = None;
            let read = body.read(&buffer, |bytes| {
                let now = *now.get_or_insert_with(|| self.begun.elapsed());
                self.take(bytes, now)
            });
            if !read.await.unwrap_or(false) {
                return self.tally.seen().broken += 1;
            }
        }
    }

    fn take(&mut self, mut bytes: &[u8], now: Duration) -> io::Result<()> {
        let (mut order, mut seen) = (self.listener.order.borrow_mut(), self.tally.seen());
        while !bytes.is_empty() {
            if self.is_between
                && let Some(script) = &self.script
                && let Some((stamp, len)) = script.borrow().find(self.events, bytes)
            {
                self.events += 1;
                seen.take(&mut order, stamp, now);
                bytes = &bytes[len..];
                continue;
            }
            let (before, was_between) = (bytes, mem::take(&mut self.is_between));
            let item = self.decoder.decode(&mut bytes).map_err(io::Error::other)?;
            let event = match item {
                Some(Item::Event(event)) => event,
                Some(Item::Comment(_)) => {
                    seen.comments += 1;
                    continue;
                }
                Some(_) => continue,
                None => break,
            };
            let decoded = &before[..before.len() - bytes.len()];
            // After a CR an LF may follow that still belongs to the event.
            self.is_between = decoded.ends_with(b"\n");
            let Some(stamp) = Stamp::find(event.data()) else {
                if SystemEvent::of(event) != Some(SystemEvent::Open) {
                    seen.foreign += 1;
                }
                continue;
            };
            if let Some(script) = self.script.as_ref().filter(|_| was_between && self.is_between) {
                script.borrow_mut().add(self.events, decoded, stamp);
            }
            self.events += 1;
            seen.take(&mut order, stamp, now);
        }
        Ok(())
    }
}
