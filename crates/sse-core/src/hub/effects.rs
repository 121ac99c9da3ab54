/// What follows from one step of a channel.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub(super) struct Effects {
    /// How many listeners fell out of the log.
    pub(super) fallen: usize,
    /// The channel is to be taken out.
    pub(super) is_over: bool,
    /// The store is to be asked for something.
    pub(super) has_to_ask: bool,
    /// Idle listeners with a lower ticket are to be woken.
    pub(super) tickets: u64,
}
