use crate::stream::Stream;

/// What a fuzzer's bytes mean: some options at their start, then streams or texts.
pub struct Input<'a> {
    bytes: &'a [u8],
    /// How many more long texts there may be, so that an execution stays quick.
    long_texts: usize,
}

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, long_texts: 3 }
    }

    /// The next byte, or 0 behind the last.
    pub fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *byte
    }

    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Lengths of at least 1 for the pieces of a stream, mostly short ones.
    pub fn lengths(&mut self) -> Vec<usize> {
        (0..4)
            .map(|_| match self.byte() {
                byte @ ..192 => usize::from(byte % 23) + 1,
                byte => long(byte),
            })
            .collect()
    }

    /// What somebody is willing to hold.
    pub fn limit(&mut self) -> usize {
        match self.byte() {
            byte @ ..192 => byte.into(),
            255 => usize::MAX,
            byte => long(byte),
        }
    }

    /// A character, whichever.
    pub fn char(&mut self) -> char {
        let scalar = u32::from_le_bytes([self.byte(), self.byte(), self.byte(), 0]);
        char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// More text than a decoder keeps unchecked, to which a fuzzer would come late by itself.
    /// Empty from the fourth on.
    pub fn long_text(&mut self) -> String {
        let Some(left) = self.long_texts.checked_sub(1) else { return String::new() };
        self.long_texts = left;
        "x".repeat(1030)
    }

    /// The stream in the part of the rest that the next byte says, of 255.
    pub fn part(&mut self) -> Stream {
        let share = usize::from(self.byte());
        let (part, rest) = self.bytes.split_at(self.bytes.len() * share / 255);
        self.bytes = rest;
        self.stream(part)
    }

    /// The stream in all of the rest.
    pub fn rest(mut self) -> Stream {
        self.stream(self.bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes themselves, but for the 1, which stands for a long text, and the 2, for a cut.
    fn stream(&mut self, bytes: &[u8]) -> Stream {
        let mut stream = Stream::default();
        for byte in bytes {
            match byte {
                1 => stream.bytes.extend_from_slice(self.long_text().as_bytes()),
                2 => stream.marks.push(stream.bytes.len()),
                _ => stream.bytes.push(*byte),
            }
        }
        stream
    }
}

fn long(byte: u8) -> usize {
    usize::from(byte - 191) * 64
}
