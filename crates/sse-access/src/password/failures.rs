use sse_core::access::Denied;

/// The failed attempts of a client.
pub(crate) trait Failures: Send {
    /// Asked when a password's turn to be hashed has come: others may have failed while it waited.
    fn check(&self) -> Result<(), Denied>;

    /// Counts one more, before the turn of the next comes.
    fn count(&self);
}

/// Any number may fail.
pub(super) struct Uncounted;

impl Failures for Uncounted {
    fn check(&self) -> Result<(), Denied> {
        Ok(())
    }

    fn count(&self) {}
}
