use crate::{
    Decoder, Item,
    reader::OwnedItem,
    wire::{Block, BlockDecoder, DecodeError, MessageEvent},
};

/// A decoder whose items a reader can hand on: [`Decoder`], [`AllItems`] or [`BlockDecoder`].
///
/// ```
/// use sse_core::{reader::Decode, wire::BlockDecoder};
///
/// fn count(mut decoder: impl Decode, mut input: &[u8]) -> usize {
///     std::iter::from_fn(|| decoder.decode_owned(&mut input).ok().flatten()).count()
/// }
///
/// assert_eq!(count(BlockDecoder::new(), b":a\n\nid: 1\n\n"), 2);
/// ```
pub trait Decode: sealed::Sealed {
    /// What it gives.
    type Item;

    /// Takes bytes from the front of `input` up to the next item; `None` if all were taken.
    ///
    /// # Errors
    ///
    /// The stream passed one of the decoder's limits. It cannot be resumed.
    fn decode_owned(&mut self, input: &mut &[u8]) -> Result<Option<Self::Item>, DecodeError>;
}

/// Events alone: comments, reconnection times and what was dropped are passed over. [`AllItems`] tells
/// of them.
impl Decode for Decoder {
    type Item = MessageEvent;

    fn decode_owned(&mut self, input: &mut &[u8]) -> Result<Option<MessageEvent>, DecodeError> {
        while let Some(item) = self.decode(input)? {
            if let Item::Event(event) = item {
                return Ok(Some(event.to_owned()));
            }
        }
        Ok(None)
    }
}

impl Decode for BlockDecoder {
    type Item = Block;

    fn decode_owned(&mut self, input: &mut &[u8]) -> Result<Option<Block>, DecodeError> {
        Ok(self.decode(input)?.map(Block::from))
    }
}

/// A [`Decoder`] of which a reader hands on everything that it finds.
///
/// ```
/// use sse_core::{
///     Decoder,
///     reader::{AllItems, OwnedItem, Reader},
/// };
///
/// let items = AllItems(Decoder::new().with_comments(true));
/// let mut reader = Reader::with_decoder(&b":hello\ndata: 1\n\n"[..], items);
///
/// assert_eq!(reader.next().transpose()?, Some(OwnedItem::Comment("hello".into())));
/// assert!(matches!(reader.next().transpose()?, Some(OwnedItem::Event(event)) if event.data() == "1"));
/// assert_eq!(reader.next().transpose()?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(clippy::exhaustive_structs, reason = "a view of a decoder, nothing more")]
#[derive(Debug, Default)]
pub struct AllItems(pub Decoder);

impl Decode for AllItems {
    type Item = OwnedItem;

    fn decode_owned(&mut self, input: &mut &[u8]) -> Result<Option<OwnedItem>, DecodeError> {
        Ok(self.0.decode(input)?.map(OwnedItem::from))
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "so nobody else implements it")]
    pub trait Sealed {}

    impl Sealed for crate::Decoder {}
    impl Sealed for crate::wire::BlockDecoder {}
    impl Sealed for super::AllItems {}
}
