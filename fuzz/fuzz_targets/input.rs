/// What a fuzzer's bytes mean: some options at their start, then streams.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next byte, or 0 behind the last.
    pub fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *byte
    }

    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Lengths of at least 1 for the pieces of a stream.
    pub fn lengths(&mut self) -> Vec<usize> {
        (0..4).map(|_| usize::from(self.byte() % 23) + 1).collect()
    }

    /// The part of the rest that the next byte says, of 255.
    pub fn share(&mut self) -> &'a [u8] {
        let share = usize::from(self.byte());
        let (part, rest) = self.0.split_at(self.0.len() * share / 255);
        self.0 = rest;
        part
    }

    pub fn rest(self) -> &'a [u8] {
        self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
