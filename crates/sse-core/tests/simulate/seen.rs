/// How often what is to be tested has happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) events: u64,
    pub(crate) resumed: u64,
    pub(crate) trimmed: u64,
    pub(crate) diverged: u64,
    pub(crate) unknown: u64,
    pub(crate) gaps_in_stream: u64,
    pub(crate) cut: u64,
    pub(crate) replaced: u64,
    pub(crate) duplicates: u64,
    pub(crate) batches: u64,
    pub(crate) ended: u64,
    pub(crate) refused: u64,
    pub(crate) evicted: u64,
}

impl Seen {
    fn all(&mut self) -> [&mut u64; 13] {
        [
            &mut self.events,
            &mut self.resumed,
            &mut self.trimmed,
            &mut self.diverged,
            &mut self.unknown,
            &mut self.gaps_in_stream,
            &mut self.cut,
            &mut self.replaced,
            &mut self.duplicates,
            &mut self.batches,
            &mut self.ended,
            &mut self.refused,
            &mut self.evicted,
        ]
    }

    pub(crate) fn add(&mut self, mut other: Self) {
        for (sum, more) in self.all().into_iter().zip(other.all()) {
            *sum += *more;
        }
    }

    /// A simulation in which something never happens proves nothing of it.
    pub(crate) fn assert_all(&mut self) {
        assert!(self.all().iter().all(|count| 0 < **count), "{self:?}");
    }
}
