use std::ops::{AddAssign, Sub};

/// How often a message goes wrong, of a thousand each.
///
/// ```
/// use sse_testkit::cluster::Faults;
///
/// let faults = Faults { drop: 20, repeat: 20, ..Faults::default() };
/// assert_eq!(faults.reorder, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tests write what they want")]
pub struct Faults {
    /// So many never come.
    pub drop: u16,
    /// So many come again, at once or a few messages later.
    pub repeat: u16,
    /// So many come a few messages later.
    pub reorder: u16,
}

/// How many messages went wrong, and how many there were.
///
/// ```
/// use sse_testkit::cluster::Counts;
///
/// assert_eq!(Counts::default().dropped, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Came from Redis.
    pub messages: u64,
    /// Did not come.
    pub dropped: u64,
    /// Came twice.
    pub repeated: u64,
    /// Were held back behind later ones.
    pub reordered: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.dropped += other.dropped;
        self.repeated += other.repeated;
        self.reordered += other.reordered;
    }
}

/// What happened since `other`.
impl Sub for Counts {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            messages: self.messages - other.messages,
            dropped: self.dropped - other.dropped,
            repeated: self.repeated - other.repeated,
            reordered: self.reordered - other.reordered,
        }
    }
}
