use super::Channel;

/// What a channel holds: bytes, and listeners.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Held {
    /// Bytes that a listener still has to read, beside what is remembered.
    pub(crate) unread: usize,
    /// Bytes that were joined for one write.
    pub(crate) joined: usize,
    /// Bytes that are remembered.
    pub(crate) history: usize,
    pub(crate) here: usize,
}

impl Held {
    /// Bytes that are held because a listener still has to read.
    pub(crate) fn to_read(self) -> usize {
        self.unread + self.joined
    }
}

impl Channel {
    /// What the channel holds now.
    pub(crate) fn held(&self) -> Held {
        Held {
            unread: self.log.unread_cost(),
            joined: self.joined_len(),
            history: self.log.history_cost() + self.keys.as_ref().map_or(0, |keys| keys.cost()),
            here: self.listeners.here(),
        }
    }

    /// The same, added up piece by piece.
    pub(crate) fn recount(&self) -> Held {
        let history = self.log.recount_history();
        Held {
            unread: self.log.recount() - history,
            joined: self.joined_len(),
            history: history + self.keys.as_ref().map_or(0, |keys| keys.recount()),
            here: self.listeners.recount(),
        }
    }

    /// The bytes that were joined for one write, and those of pages.
    fn joined_len(&self) -> usize {
        self.log.joined_len() + self.listeners.pages.as_ref().map_or(0, |pages| pages.bytes())
    }

    /// How many have left or are leaving, and have a connection all the same.
    pub(crate) fn leaving(&self) -> usize {
        self.listeners.leaving()
    }
}
