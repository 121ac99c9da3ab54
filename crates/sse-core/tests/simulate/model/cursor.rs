/// A place between the frames of a channel: the next event, and the next of what is said aside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cursor {
    pub(crate) event: u64,
    pub(crate) aside: usize,
}

impl Cursor {
    /// Whether something between here and `other` is missing here.
    pub(crate) fn is_before(self, other: Self) -> bool {
        self.event < other.event || self.aside < other.aside
    }

    /// The place where neither has anything left of what comes before.
    pub(crate) fn max(self, other: Self) -> Self {
        Self { event: self.event.max(other.event), aside: self.aside.max(other.aside) }
    }

    /// The place before all that either of both has still to read.
    pub(crate) fn min(self, other: Self) -> Self {
        Self { event: self.event.min(other.event), aside: self.aside.min(other.aside) }
    }
}
