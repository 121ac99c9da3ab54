use std::time::Instant;

/// Everything that was ever published under one epoch.
#[derive(Debug, Default)]
pub(crate) struct Life {
    /// Empty without history.
    pub(crate) epoch: String,
    events: Vec<Event>,
}

#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) frame: String,
    pub(crate) at: Instant,
    /// What it costs together with all before it.
    sum: usize,
}

impl Life {
    pub(crate) fn new(epoch: String) -> Self {
        Self { epoch, events: Vec::new() }
    }

    /// The number of the last event.
    pub(crate) fn top(&self) -> u64 {
        self.events.len() as u64
    }

    /// An event by its number, which begins at 1.
    pub(crate) fn event(&self, seq: u64) -> &Event {
        &self.events[seq as usize - 1]
    }

    /// What the events before `end` cost, from `from` on.
    pub(crate) fn cost(&self, from: u64, end: u64) -> usize {
        let sum = |end: u64| if end < 2 { 0 } else { self.event(end - 1).sum };
        if from < end { sum(end) - sum(from) } else { 0 }
    }

    pub(crate) fn push(&mut self, frame: String, at: Instant) {
        let sum = self.cost(1, self.top() + 1) + cost(frame.len());
        self.events.push(Event { frame, at, sum });
    }

    /// The position of an event, as it stands in an id.
    pub(crate) fn position(&self, seq: u64) -> String {
        format!("{seq}.{}", self.epoch)
    }
}

/// What a frame of so many bytes costs in the log.
pub(crate) fn cost(len: usize) -> usize {
    len + PLACE
}

/// What a frame costs beside its bytes.
const PLACE: usize = 128;
