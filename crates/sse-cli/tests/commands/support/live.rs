use std::net::SocketAddr;

use serde_json::Value;

use super::Listener;

/// A stream of the operator's address.
pub(crate) struct Live {
    listener: Listener,
    last_id: Option<String>,
}

impl Live {
    pub(crate) fn open(admin: SocketAddr, path: &str) -> Self {
        Self::of(Listener::open_with(admin, path, &[]))
    }

    pub(crate) fn open_from(admin: SocketAddr, path: &str, last: &str) -> Self {
        Self::of(Listener::open_with(admin, path, &[("last-event-id", last)]))
    }

    fn of(listener: Listener) -> Self {
        let head = listener.head();
        assert_eq!((head.status, head.field("content-type")), (200, Some("text/event-stream")));
        Self { listener, last_id: None }
    }

    /// The data of the next event of that name.
    pub(crate) fn next(&mut self, name: &str) -> Value {
        loop {
            let block = self.listener.block();
            let field = |name: &str| {
                let mut values = block.lines().filter_map(|line| line.strip_prefix(name));
                values.next().map(str::to_owned)
            };
            if let Some(id) = field("id: ") {
                self.last_id = Some(id);
            }
            if field("event: ").as_deref() == Some(name) {
                return serde_json::from_str(&field("data: ").unwrap()).unwrap();
            }
        }
    }

    /// The next so many items of a channel.
    pub(crate) fn items(&mut self, count: usize) -> Vec<Value> {
        let mut items = Vec::new();
        while items.len() < count {
            let Value::Array(more) = self.next("items")["items"].take() else { panic!("no items") };
            items.extend(more);
        }
        assert_eq!(items.len(), count, "{items:?}");
        items
    }

    pub(crate) fn last_id(&self) -> String {
        self.last_id.clone().expect("an event had one")
    }

    /// Waits for its end, whatever comes before.
    pub(crate) fn expect_end(mut self) {
        while self.listener.has_block() {}
    }
}
