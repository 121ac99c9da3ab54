/// Random enough to deal cards, and the same in every run.
pub struct Random(u64);

impl Random {
    pub fn new() -> Self {
        Self(1)
    }

    /// Whether a coin fell on its head.
    pub fn coin(&mut self) -> bool {
        self.number() & 1 == 1
    }

    pub fn shuffle<T>(&mut self, cards: &mut [T]) {
        for end in (1..cards.len()).rev() {
            cards.swap(end, (self.number() % (end as u64 + 1)) as usize);
        }
    }

    /// SplitMix64.
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
