/// What follows from one step of a channel.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub(super) struct Effects {
    /// How many listeners fell out of the log.
    pub(super) fallen: usize,
    /// The channel is to be taken out.
    pub(super) is_over: bool,
    /// Nobody uses the channel any more, of which the store is to be told.
    pub(super) is_left: bool,
    /// The store is to be asked for something.
    pub(super) has_to_ask: bool,
    /// Idle listeners with a lower ticket are to be woken.
    pub(super) tickets: u64,
}

impl Effects {
    /// These, if anything follows from them for a channel that `was_open` before.
    pub(super) fn unless_none(self, was_open: bool) -> Option<Self> {
        let is_any = 0 < self.fallen || self.has_to_ask || self.is_left || was_open && self.is_over;
        is_any.then_some(self)
    }
}
