use std::{
    cell::{RefCell, RefMut},
    io,
    rc::Rc,
};

use super::{
    config::Endpoint,
    connection::{Body, Connection},
    tally::Order,
    template::Values,
};

/// One stream that is listened to, and what is expected of it next.
#[derive(Debug, Default)]
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

    /// What it expects next.
    pub(super) fn order(&self) -> RefMut<'_, Order> {
        self.order.borrow_mut()
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
