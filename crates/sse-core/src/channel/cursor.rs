/// A place in the log of a channel: what a listener reads next.
///
/// Events and asides are counted apart, since only events are remembered: a listener that begins
/// further back meets the events again and none of the asides.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Cursor {
    /// The sequence number of the next event.
    pub(super) event: u64,
    /// The number of the next aside.
    pub(super) aside: u64,
    /// How many bytes of the next frame were read already, if it is too long for one write.
    pub(super) offset: usize,
}

/// A place between two frames.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Place {
    event: u64,
    aside: u64,
}

impl From<Place> for Cursor {
    fn from(Place { event, aside }: Place) -> Self {
        Self::new(event, aside)
    }
}

impl Cursor {
    /// The sequence number of the next event.
    pub(super) fn event(self) -> u64 {
        self.event
    }

    /// The place before the next frame.
    pub(super) fn place(self) -> Place {
        Place { event: self.event, aside: self.aside }
    }

    /// The place before event `event` and aside `aside`.
    pub(super) fn new(event: u64, aside: u64) -> Self {
        Self { event, aside, offset: 0 }
    }

    /// Whether a frame that `other` has behind it is still ahead here.
    pub(super) fn is_before(self, other: Self) -> bool {
        self.event < other.event || self.aside < other.aside
    }

    /// The place that has behind it what either of both has.
    #[must_use]
    pub(super) fn max(self, other: Self) -> Self {
        let aside = self.aside.max(other.aside);
        if self.event < other.event { Self { aside, ..other } } else { Self { aside, ..self } }
    }
}
