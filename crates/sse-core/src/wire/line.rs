use crate::wire::DecodeError;

/// How far the current line has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    /// At the start of the stream, with as many bytes of a byte order mark.
    Mark(usize),
    /// At the start of a block: nothing was kept since the last one.
    Block,
    /// At the start of a line.
    Start,
    /// At the start of a line, behind a CR: an LF still belongs to the line before.
    AfterCr,
    /// In the field name: no colon so far.
    Name(Name),
    /// Behind the colon, where one space is dropped.
    Colon(Field),
    /// In a value that is kept.
    Value(Field),
    /// In a line that nobody wants.
    Skip,
    /// Nowhere: the stream passed a limit.
    Failed(DecodeError),
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

/// The byte order mark.
pub(super) const MARK: [u8; 3] = *b"\xEF\xBB\xBF";

pub(super) const DATA: &[u8; 5] = b"data:";
pub(super) const EVENT: &[u8; 6] = b"event:";
pub(super) const ID: &[u8; 3] = b"id:";

/// The value of the field whose name, with its colon, is `field`, and what follows.
#[inline]
pub(super) fn value_of<'i, const N: usize>(line: &'i [u8], field: &[u8; N]) -> Option<&'i [u8]> {
    let value = line.strip_prefix(field)?;
    if let [b' ', value @ ..] = value {
        Some(value)
    } else {
        without_space();
        Some(value)
    }
}

#[cold]
#[inline(never)]
fn without_space() {}

/// How long the line end at the start of `rest` is, if that shows: behind a CR, an LF may follow.
#[inline]
pub(super) fn line_end_width(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        [b'\r', _, ..] => Some(1),
        _ => None,
    }
}

/// The start of a line up to its colon, as long as it can still name a [`Field`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl Name {
    pub(super) const EMPTY: Self = Self { bytes: [0; Self::MAX], len: 0 };

    /// The length of the longest names, `event` and `retry`.
    const MAX: usize = 5;

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
