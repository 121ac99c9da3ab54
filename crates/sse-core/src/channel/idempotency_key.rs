use std::sync::Arc;

/// A publisher's name for one publication, so that sending it twice publishes it once.
///
/// ```
/// use sse_core::channel::IdempotencyKey;
///
/// let key = IdempotencyKey::try_from(&b"order-42"[..])?;
/// assert!(IdempotencyKey::try_from(&b"two words"[..]).is_err());
/// # Ok::<(), sse_core::channel::IdempotencyKeyError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// The longest key, in bytes.
    pub const MAX_LEN: usize = 255;

    /// The key as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl TryFrom<&[u8]> for IdempotencyKey {
    type Error = IdempotencyKeyError;

    fn try_from(key: &[u8]) -> Result<Self, IdempotencyKeyError> {
        if key.is_empty() || Self::MAX_LEN < key.len() {
            return Err(IdempotencyKeyError::Length { len: key.len() });
        }
        match key.iter().position(|byte| !byte.is_ascii_graphic()) {
            Some(at) => Err(IdempotencyKeyError::NotVisible { byte: key[at], at }),
            None => Ok(Self(String::from_utf8_lossy(key).into())),
        }
    }
}

/// Why bytes are no idempotency key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IdempotencyKeyError {
    /// Empty, or longer than [`IdempotencyKey::MAX_LEN`].
    #[error(
        "the idempotency key has {len} bytes, and 1 to {} are allowed",
        IdempotencyKey::MAX_LEN
    )]
    Length {
        /// Its length in bytes.
        len: usize,
    },
    /// A byte that is not visible ASCII.
    #[error("the idempotency key holds the byte 0x{byte:02x} at {at}, which is not visible ASCII")]
    NotVisible {
        /// The byte.
        byte: u8,
        /// Its offset.
        at: usize,
    },
}
