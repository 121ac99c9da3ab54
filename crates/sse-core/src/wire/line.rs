/// How far the current line has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    /// At the start of the stream, with as many bytes of a byte order mark.
    Mark(usize),
    /// In the field name: no colon so far.
    Name(Name),
    /// Behind the colon, where one space is dropped.
    Colon(Field),
    /// In a value that is kept.
    Value(Field),
    /// In a line that nobody wants.
    Skip,
}

impl Line {
    pub(super) const START: Self = Self::Name(Name { bytes: [0; Name::MAX], len: 0 });
}

/// A field that means something, or a comment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Field {
    Comment,
    Data,
    Event,
    Id,
    Retry,
}

/// The start of a line up to its colon, as long as it can still name a [`Field`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl Name {
    /// The length of the longest names, `event` and `retry`.
    const MAX: usize = 5;

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many more bytes decide whether the line names a field: one more than fit.
    pub(super) fn undecided(&self) -> usize {
        Self::MAX - self.len + 1
    }

    /// The name with `more` at its end, or `None` if that is longer than any field's.
    pub(super) fn extended(mut self, more: &[u8]) -> Option<Self> {
        let len = self.len + more.len();
        self.bytes.get_mut(self.len..len)?.copy_from_slice(more);
        self.len = len;
        Some(self)
    }

    /// What a line with this name holds. Names are compared as they stand.
    pub(super) fn field(&self) -> Option<Field> {
        match &self.bytes[..self.len] {
            b"" => Some(Field::Comment),
            b"data" => Some(Field::Data),
            b"event" => Some(Field::Event),
            b"id" => Some(Field::Id),
            b"retry" => Some(Field::Retry),
            _ => None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}
