use crate::channel::IdempotencyKey;

/// What a publisher asks for: an action, a body, and how to take them.
///
/// ```
/// use sse_core::{channel::IdempotencyKey, hub::Post};
///
/// let key = IdempotencyKey::try_from(&b"order-42"[..])?;
/// let post = Post::new("ping", b"hi").with_key(key);
/// let two_events = Post::new("ping", b"1\n2\n").with_batch();
/// # Ok::<(), sse_core::channel::IdempotencyKeyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Post<'a> {
    pub(super) action: &'a str,
    pub(super) body: &'a [u8],
    pub(super) key: Option<IdempotencyKey>,
    pub(super) is_batch: bool,
}

impl<'a> Post<'a> {
    /// The POST action `action` with `body`.
    pub fn new(action: &'a str, body: &'a [u8]) -> Self {
        Self { action, body, key: None, is_batch: false }
    }

    /// Publishes only if nothing was published under `key` in the window of
    /// [`History::with_key_window`](crate::history::History::with_key_window). Without history it has no effect.
    #[must_use]
    pub fn with_key(mut self, key: IdempotencyKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Takes each line of the body that is not empty as one event, all of them or none. What is no
    /// event, like a reconnection time, is taken as it stands.
    #[must_use]
    pub fn with_batch(mut self) -> Self {
        self.is_batch = true;
        self
    }
}
