/// Counters of which most are 0 most of the time: taking them all looks only at the others.
#[derive(Debug)]
pub(crate) struct Buckets<const N: usize> {
    counts: [u32; N],
    /// A bit for each counter that is not 0.
    used: u32,
}

impl<const N: usize> Buckets<N> {
    pub(super) fn add(&mut self, at: usize, more: u32) {
        self.counts[at] += more;
        self.used |= 1 << at;
    }

    /// Hands each counter that is not 0 to `take`, with its index, and sets it to 0.
    pub(crate) fn drain(&mut self, mut take: impl FnMut(usize, u32)) {
        while self.used != 0 {
            let at = self.used.trailing_zeros() as usize;
            self.used &= self.used - 1;
            take(at, std::mem::take(&mut self.counts[at]));
        }
    }
}

impl<const N: usize> Default for Buckets<N> {
    fn default() -> Self {
        const { assert!(N <= u32::BITS as usize, "there is a bit for each") };
        Self { counts: [0; N], used: 0 }
    }
}
