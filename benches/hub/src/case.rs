use sse_core::{
    HubConfig, StringFormat, channel::Mode, format::JsonFormat, history::History,
    id_source::Counter,
};

/// What is published on which hub, and for how many.
pub struct Case {
    pub name: &'static str,
    ids: Ids,
    /// How many at once: more than one are lines of a batch.
    pub events: usize,
    pub listeners: usize,
}

/// In the order of the table.
pub const CASES: [Case; 9] = [
    Case { name: "one listener, no ids", ids: Ids::None, events: 1, listeners: 1 },
    Case { name: "one listener, ids", ids: Ids::Counted, events: 1, listeners: 1 },
    Case { name: "one listener, history", ids: Ids::History, events: 1, listeners: 1 },
    Case { name: "batch, no ids", ids: Ids::None, events: 100, listeners: 1 },
    Case { name: "batch, ids", ids: Ids::Counted, events: 100, listeners: 1 },
    Case { name: "batch, history", ids: Ids::History, events: 100, listeners: 1 },
    Case { name: "crowd, no ids", ids: Ids::None, events: 1, listeners: 1_000 },
    Case { name: "crowd, ids", ids: Ids::Counted, events: 1, listeners: 1_000 },
    Case { name: "crowd, history", ids: Ids::History, events: 1, listeners: 1_000 },
];

impl Case {
    pub fn hub(&self) -> HubConfig {
        let mode = if self.listeners == 1 { Mode::Exclusive } else { Mode::Shared };
        let config = match self.events {
            1 => HubConfig::new(StringFormat),
            _ => HubConfig::new(JsonFormat),
        };
        self.ids.of(config).with_mode(mode)
    }

    pub fn body(&self) -> Vec<u8> {
        match self.events {
            1 => vec![b'x'; EVENT_LEN],
            // Without white space to remove, and as long.
            lines => {
                let note = "x".repeat(EVENT_LEN - 42);
                let line = format!(r#"{{"sensor":"roof","celsius":21.5,"note":"{note}"}}"#);
                (line + "\n").repeat(lines).into_bytes()
            }
        }
    }

    pub fn cycles(&self) -> usize {
        (10_000 / self.events / self.listeners).max(100)
    }
}

/// The ids that the events of a hub have.
#[derive(Clone, Copy)]
pub enum Ids {
    None,
    Counted,
    /// The channels remember, and the ids are positions.
    History,
}

impl Ids {
    pub fn of(self, config: HubConfig) -> HubConfig {
        match self {
            Self::None => config,
            Self::Counted => config.with_ids(Counter::default()),
            Self::History => config.with_history(History::new(42).with_max_events(REMEMBERED)),
        }
    }
}

/// The length of an event's data.
pub const EVENT_LEN: usize = 100;

/// How many events a history has when it is full.
pub const REMEMBERED: usize = 1_000;
