/// What is to happen in a simulation, and how often it has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen([u64; THINGS.len()]);

macro_rules! things {
    ($($thing:ident),* $(,)?) => {
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Thing { $($thing),* }

        const THINGS: &[Thing] = &[$(Thing::$thing),*];
    };
}

things! {
    Acknowledged,
    Event,
    Reconnected,
    Again,
    Duplicate,
    Refused,
    RefusedByHub,
    UnknownOutcome,
    TooLate,
    JoinTooLate,
    Fresh,
    Resumed,
    Trimmed,
    Diverged,
    Unknown,
    GapInStream,
    Cut,
    Failed,
    Finished,
    Ended,
    Blind,
    Torn,
    Restarted,
    ShutDown,
}

impl Seen {
    pub(crate) fn note(&mut self, thing: Thing, times: u64) {
        self.0[thing as usize] += times;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }

    /// A simulation in which something never happens proves nothing of it.
    pub(crate) fn assert_all(&self) {
        let never: Vec<_> = THINGS.iter().filter(|&&thing| self.0[thing as usize] == 0).collect();
        assert!(never.is_empty(), "never seen: {never:?}");
    }
}

impl Default for Seen {
    fn default() -> Self {
        Self([0; THINGS.len()])
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut things = THINGS.iter().zip(self.0);
        things.try_for_each(|(thing, times)| write!(f, " {thing:?} {times}"))
    }
}
