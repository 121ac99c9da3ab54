use std::{collections::VecDeque, mem, time::Instant};

use serde::Serialize;
use sse_core::wire::Frame;

use super::item::{Item, unix_time};

/// What has come and was not told yet: the newest of it, and how many events there were before.
#[derive(Debug)]
pub(super) struct Batch {
    room: usize,
    pending: VecDeque<Pending>,
    skipped: u64,
}

#[derive(Debug)]
enum Pending {
    /// Not looked at before it is known that it will be told.
    Event(Frame, Instant),
    Other(Item),
}

/// Some items, the oldest first.
#[derive(Debug, Serialize)]
pub(super) struct Items {
    items: Vec<Item>,
}

impl Batch {
    /// An empty one, which may grow to `room`.
    pub(super) fn new(room: usize) -> Self {
        Self { room, pending: VecDeque::new(), skipped: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(super) fn push_event(&mut self, frame: Frame, at: Instant) {
        self.push(Pending::Event(frame, at));
    }

    pub(super) fn push_item(&mut self, item: Item) {
        self.push(Pending::Other(item));
    }

    /// Makes room where events are, since there are others that say more.
    fn push(&mut self, pending: Pending) {
        self.pending.push_back(pending);
        if self.room < self.pending.len() {
            let is_event = |pending: &Pending| matches!(pending, Pending::Event(..));
            let oldest = self.pending.iter().position(is_event);
            self.skipped += u64::from(oldest.is_some());
            self.pending.remove(oldest.unwrap_or(0));
        }
    }

    /// All that is in it, which leaves it empty with this `room`.
    pub(super) fn take(&mut self, room: usize) -> Items {
        let batch = mem::replace(self, Self::new(room));
        let time = unix_time(Instant::now());
        let skipped = (0 < batch.skipped).then_some(Item::Skipped { time, count: batch.skipped });
        let items = batch.pending.into_iter().map(|pending| match pending {
            Pending::Event(frame, at) => Item::event(&frame, at),
            Pending::Other(item) => item,
        });
        Items { items: skipped.into_iter().chain(items).collect() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use sse_core::Event;

    use super::*;

    #[test]
    fn what_says_more_than_an_event_stays_when_there_is_no_room() {
        let mut batch = Batch::new(3);
        let now = Instant::now();
        let event = |data: &str| Frame::from(Event::data(data));
        batch.push_item(Item::Missed { time: 0, count: 7 });
        for data in ["1", "2", "3", "4"] {
            batch.push_event(event(data), now);
        }
        batch.push_item(Item::Closed { time: 0 });

        let shown = |batch: &mut Batch| {
            let Value::Array(items) = json!(batch.take(1))["items"].take() else { panic!() };
            let text = |item: &Value| format!("{} {}{}", item["kind"], item["data"], item["count"]);
            items.iter().map(|item| text(item).replace('"', "")).collect::<Vec<_>>()
        };
        let expected = ["skipped null3", "missed null7", "event 4null", "closed nullnull"];
        assert_eq!(shown(&mut batch), expected);

        assert!(batch.is_empty());
        batch.push_event(event("5"), now);
        batch.push_event(event("6"), now);
        assert_eq!(shown(&mut batch), ["skipped null1", "event 6null"]);
    }

    #[test]
    fn a_flood_of_what_is_no_event_is_bounded_too() {
        let mut batch = Batch::new(3);
        (0..100).for_each(|time| batch.push_item(Item::Closed { time }));

        let kept = [97, 98, 99].map(|time| json!({"kind": "closed", "time": time}));
        assert_eq!(json!(batch.take(3)), json!({ "items": kept }));
    }
}
