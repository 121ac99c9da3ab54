use std::{borrow::Cow, fmt, time::Duration};

use memchr::memchr2;

/// A block of fields that still lies where a [`BlockDecoder`](crate::wire::BlockDecoder) found it.
///
/// Bytes that are not UTF-8 were replaced by U+FFFD. Blocks are equal if their fields are.
///
/// ```
/// use sse_core::wire::BlockDecoder;
///
/// let mut decoder = BlockDecoder::new();
/// let block = decoder.decode(&mut &b"data: 1\r\n:c\ndata: 2\n\n"[..])?.expect("it is whole");
///
/// assert_eq!(block.as_str(), "data: 1\r\n:c\ndata: 2\n");
/// assert_eq!(block.fields().collect::<Vec<_>>(), [("data", "1"), ("", "c"), ("data", "2")]);
/// assert_eq!(block.data().as_deref(), Some("1\n2"));
/// # Ok::<(), sse_core::wire::DecodeError>(())
/// ```
#[derive(Clone, Copy)]
pub struct BlockRef<'a> {
    text: &'a str,
}

impl<'a> BlockRef<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// The lines as they came, each with its end; not the blank line behind them.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Names and values in the order in which they came.
    ///
    /// A line without a colon is a name with an empty value. A comment has the empty name, and all
    /// behind its colon as its value; of other values, one space at the start is dropped.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        lines(self.text).map(|line| match line.split_once(':') {
            None => (line, ""),
            Some(("", comment)) => ("", comment),
            Some((name, value)) => (name, value.strip_prefix(' ').unwrap_or(value)),
        })
    }

    /// The value of the last `event` field.
    pub fn event(&self) -> Option<&'a str> {
        self.values("event").last()
    }

    /// The values of the `data` fields, joined by LF.
    pub fn data(&self) -> Option<Cow<'a, str>> {
        self.values("data").map(Cow::Borrowed).reduce(|data, line| data + "\n" + line)
    }

    /// The value of the last `id` field, not counting those with a NUL.
    ///
    /// # Source
    ///
    /// HTML Standard, [Interpreting an event stream][spec]: an `id` with a NUL is ignored.
    ///
    /// [spec]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    pub fn id(&self) -> Option<&'a str> {
        self.values("id").filter(|id| !id.contains('\0')).last()
    }

    /// The time of the last `retry` field that is made of ASCII digits alone. Longer ones than `u64`
    /// milliseconds are cut to that.
    pub fn retry(&self) -> Option<Duration> {
        let is_time = |value: &&str| !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        let digits = self.values("retry").filter(is_time).last()?;
        Some(Duration::from_millis(digits.parse().unwrap_or(u64::MAX)))
    }

    /// The comments: all behind the colon, a leading space too.
    pub fn comments(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.values("")
    }

    /// The block in storage of its own: one allocation.
    pub fn to_owned(&self) -> Block {
        Block { text: self.text.into() }
    }

    fn values<'n>(&self, wanted: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.fields().filter(move |(name, _)| *name == wanted).map(|(_, value)| value)
    }
}

impl Eq for BlockRef<'_> {}

impl PartialEq for BlockRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.fields().eq(other.fields())
    }
}

impl fmt::Debug for BlockRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.fields()).finish()
    }
}

/// A [`BlockRef`] in storage of its own.
///
/// ```
/// use sse_core::wire::{Block, BlockDecoder};
///
/// let mut decoder = BlockDecoder::new();
/// let mut blocks: Vec<Block> = Vec::new();
/// let mut input = &b"id: 1\n\nid: 2\n\n"[..];
/// while let Some(block) = decoder.decode(&mut input)? {
///     blocks.push(block.to_owned());
/// }
///
/// assert_eq!(blocks[0].as_ref().id(), Some("1"));
/// assert_eq!(blocks[1].as_ref().id(), Some("2"));
/// # Ok::<(), sse_core::wire::DecodeError>(())
/// ```
#[derive(Clone)]
pub struct Block {
    text: Box<str>,
}

impl Block {
    /// The block as it is lent.
    pub fn as_ref(&self) -> BlockRef<'_> {
        BlockRef { text: &self.text }
    }
}

impl From<BlockRef<'_>> for Block {
    fn from(block: BlockRef<'_>) -> Self {
        block.to_owned()
    }
}

impl Eq for Block {}

impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

/// The lines that hold something. Between CR and LF there is nothing.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = memchr2(b'\n', b'\r', rest.as_bytes())?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some(line)
    })
    .filter(|line| !line.is_empty())
}
