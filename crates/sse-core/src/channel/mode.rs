/// How many may listen on one channel.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Mode {
    /// One listener; a second one is refused.
    #[default]
    Exclusive,
    /// Any number of listeners, each of which receives everything.
    Shared,
    /// One listener; a second one takes the channel over, and the first is told so.
    Takeover,
}
