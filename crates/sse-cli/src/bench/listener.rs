use std::{cell::RefCell, io, rc::Rc, time::Instant};

use sse_core::{Decoder, Item, client::SystemEvent};

use super::{
    config::Endpoint,
    connection::{BUFFER, Body, Connection},
    tally::Tally,
    template::Values,
};

/// One stream that is listened to, and what is expected of it next.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) channel: usize,
    next: Rc<RefCell<Vec<u64>>>,
}

impl Listener {
    /// Opens the stream; the body is then read by [`read`].
    pub(super) async fn open(
        endpoint: &Endpoint,
        channel: usize,
        listener: usize,
    ) -> io::Result<(Self, Body)> {
        let mut request = String::new();
        let values = Values { channel, listener, ..Values::default() };
        endpoint.head.write(values, &mut request);
        request.push_str("accept: text/event-stream\r\n\r\n");
        let mut connection = Connection::open(endpoint).await?;
        let head = connection.send(&request).await?;
        if head.status != 200 {
            return Err(io::Error::other(format!("listening was answered {}", head.status)));
        }
        Ok((Self { channel, next: Rc::default() }, connection.into_body(head)))
    }

    /// A second handle to it, for the task that reads.
    pub(super) fn share(&self) -> Self {
        Self { channel: self.channel, next: self.next.clone() }
    }

    /// How many of `acknowledged`, by publisher, have not come, nor anything after them.
    pub(super) fn missing(&self, acknowledged: &[u64]) -> u64 {
        let next = self.next.borrow();
        let got = |publisher: usize| next.get(publisher).copied().unwrap_or(0);
        let left = acknowledged.iter().enumerate();
        left.map(|(publisher, &sent)| sent.saturating_sub(got(publisher))).sum()
    }
}

/// Reads events until the stream ends.
pub(super) async fn read(
    listener: Listener,
    mut body: Body,
    tally: Tally,
    begun: Instant,
    buffer: Rc<RefCell<[u8; BUFFER]>>,
) {
    let mut decoder = Decoder::new();
    loop {
        let read = body.read(&buffer, |mut bytes| {
            let now = begun.elapsed();
            let mut next = listener.next.borrow_mut();
            while let Some(item) = decoder.decode(&mut bytes).map_err(io::Error::other)? {
                if let Item::Event(event) = item
                    && SystemEvent::of(event) != Some(SystemEvent::Open)
                {
                    tally.take(&mut next, event.data(), now);
                }
            }
            Ok(())
        });
        if !read.await.unwrap_or(false) {
            return tally.break_off();
        }
    }
}
