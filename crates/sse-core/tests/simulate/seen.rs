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
    Event,
    Batch,
    LongEvent,
    Piece,
    FullWrite,
    Sent,
    Retry,
    Duplicate,
    KeyReused,
    TooLarge,
    TooManyEvents,
    OtherRefusal,
    Fresh,
    Resumed,
    ResumedFromTombstone,
    Trimmed,
    Diverged,
    Unknown,
    CameBack,
    CutInABlock,
    GapInStream,
    Overrun,
    OverrunInTotal,
    CutInAPiece,
    Replaced,
    ReplacedBehind,
    Ended,
    EndedBehind,
    Taken,
    AtLimit,
    GaveWay,
    Shrunk,
    ShrunkUnderReader,
    TombstoneDropped,
    Comment,
    Drained,
    Restarted,
    Expired,
    ExpiredInAPiece,
    ExpiredBehind,
    ExpiredWhileLeaving,
    ExpiredHolder,
    Revoked,
    RevokedInAPiece,
    RevokedWhileLeaving,
    GrantEnded,
    EventDriven,
    CommentDriven,
    GapDriven,
    EndedDriven,
    CutDriven,
    EngineWoken,
    Full,
    CutInAFrame,
    CutInALongFrame,
    Meanwhile,
    OvertakenInFlight,
    OvertakenAndRead,
    EndedInFlight,
    Left,
    Broken,
    Stalled,
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
