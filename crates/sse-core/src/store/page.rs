use super::Entry;

/// A part of what a store keeps of a channel, in the order of positions.
///
/// It says everything up to the number [`until`](Self::until): an event up to there that is not in it is not kept any
/// more.
///
/// ```
/// use sse_core::store::Page;
///
/// let nothing_is_left = Page::new(1042, Vec::new());
/// assert_eq!(nothing_is_left.until(), 1042);
/// ```
#[derive(Clone, Debug)]
pub struct Page {
    entries: Vec<Entry>,
    until: u64,
}

impl Page {
    /// All that is kept up to the number `until`.
    pub fn new(until: u64, entries: Vec<Entry>) -> Self {
        Self { entries, until }
    }

    /// The events.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The number of the last event that it says anything of.
    pub fn until(&self) -> u64 {
        self.until
    }
}
