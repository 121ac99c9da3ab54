/// A place between the frames of a [`Log`](crate::Log): what comes next.
///
/// Events and what is said aside are counted apart, since only events are remembered: a reader that
/// begins further back meets the events again and none of the asides.
///
/// ```
/// use sse_core::{Log, LogConfig};
///
/// let log = Log::new(LogConfig::default());
/// assert_eq!((log.end().event(), log.end().aside()), (1, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Cursor {
    pub(super) event: u64,
    pub(super) aside: u64,
}

impl Cursor {
    /// The sequence number of the next event.
    pub fn event(self) -> u64 {
        self.event
    }

    /// The number of the next frame that is no event.
    pub fn aside(self) -> u64 {
        self.aside
    }

    /// Whether something between here and `other` is missing here.
    pub(crate) fn is_before(self, other: Self) -> bool {
        self.event < other.event || self.aside < other.aside
    }

    /// The place where neither has anything left of what comes before.
    #[must_use]
    pub(crate) fn max(self, other: Self) -> Self {
        Self { event: self.event.max(other.event), aside: self.aside.max(other.aside) }
    }

    /// The place before all that either of both has still to read.
    #[must_use]
    pub(crate) fn min(self, other: Self) -> Self {
        Self { event: self.event.min(other.event), aside: self.aside.min(other.aside) }
    }
}
