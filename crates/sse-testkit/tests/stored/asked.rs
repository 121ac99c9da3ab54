use std::time::{Duration, Instant};

use sse_core::{
    history::Position,
    store::{Append, Done, Facts, Outcome, Page, Refused, Unavailable},
};

/// Something that a store was asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) serial: u64,
    pub(crate) token: String,
    pub(crate) ask: Ask,
    pub(crate) is_silent: bool,
}

#[derive(Debug)]
pub(crate) enum Ask {
    Open(Done<Result<Facts, Unavailable>>),
    Append(Append, Done<Outcome>),
    Finish(Option<Duration>, Done<Outcome>),
    Page { after: u64, max_bytes: usize, done: Done<Result<Page, Unavailable>> },
}

#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) serial: u64,
    pub(crate) token: String,
    pub(crate) answer: Answer,
    /// Whether it is told in the order of what was stored.
    pub(crate) is_ordered: bool,
    /// The number of the newest event that is in it.
    pub(crate) top: u64,
    /// Since when it is known.
    pub(crate) since: Option<Instant>,
}

#[derive(Debug)]
pub(crate) enum Answer {
    Open(Done<Result<Facts, Unavailable>>, Result<Facts, Unavailable>),
    Stored(Done<Outcome>, Outcome, Verdict),
    Page(Done<Result<Page, Unavailable>>, Result<Page, Unavailable>),
}

/// What was told of a publication.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Stored { position: Option<Position>, is_duplicate: bool },
    Refused(Refused),
    Unknown,
}

impl Decided {
    pub(crate) fn unordered(answer: Answer) -> Self {
        Self { serial: 0, token: String::new(), answer, is_ordered: false, top: 0, since: None }
    }

    /// What was stored is lost before it was told.
    pub(crate) fn forget(&mut self) {
        if let Answer::Stored(_, outcome, verdict) = &mut self.answer {
            *outcome = Outcome::Unknown(Unavailable::new("it is lost"));
            *verdict = Verdict::Unknown;
        }
    }
}

impl Answer {
    pub(crate) fn tell(self, since: Instant) {
        match self {
            Self::Open(done, facts) => drop(done.tell(facts, since)),
            Self::Stored(done, outcome, _) => drop(done.tell(outcome, since)),
            Self::Page(done, page) => drop(done.tell(page, since)),
        }
    }
}
