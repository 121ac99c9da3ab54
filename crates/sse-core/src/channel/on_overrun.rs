/// What becomes of a listener that falls out of the log because it reads too slowly.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum OnOverrun {
    /// Its stream is cut. It comes back, and is told what it missed if the channel has a history.
    #[default]
    Close,
    /// It is told in its stream, by `event: sse.gap`, and goes on with the oldest that is there. In the
    /// middle of an event that is too long for one write it is cut all the same.
    Gap,
}
