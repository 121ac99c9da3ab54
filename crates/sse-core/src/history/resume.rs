use std::str::FromStr;

use super::{Epochs, Gap, GapReason, Position};
use crate::{refused::shown, response::LastEventId};

/// Where a listener wants to begin. It has no effect in a hub without history.
///
/// ```
/// use sse_core::{
///     history::{Since, Start},
///     response::LastEventId,
/// };
///
/// let from_the_oldest = Start::default().with_since(Since::Earliest);
/// let after = Start::from(LastEventId::new(Some(b"1042.k3f9x2q1"), None));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Start {
    last_event_id: LastEventId,
    since: Since,
}

impl Start {
    /// Sets where a listener begins that brings no id. Default: [`Since::Latest`].
    #[must_use]
    pub fn with_since(mut self, since: Since) -> Self {
        self.since = since;
        self
    }
}

impl From<Position> for Start {
    /// Begins behind `position`, as a client does that has it as its last event ID.
    fn from(position: Position) -> Self {
        let id = position.to_string();
        Self::from(LastEventId::new(Some(id.as_bytes()), None))
    }
}

impl From<LastEventId> for Start {
    fn from(last_event_id: LastEventId) -> Self {
        Self { last_event_id, since: Since::default() }
    }
}

/// Where a listener without an id begins.
///
/// ```
/// use sse_core::history::Since;
///
/// assert_eq!("latest".parse(), Ok(Since::Latest));
/// assert_eq!("20".parse(), Ok(Since::Last(20)));
/// assert!("-1".parse::<Since>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Since {
    /// With what is published from now on.
    #[default]
    Latest,
    /// With the oldest event that is kept.
    Earliest,
    /// With so many of the newest events.
    Last(u64),
}

impl FromStr for Since {
    type Err = SinceError;

    fn from_str(text: &str) -> Result<Self, SinceError> {
        match text {
            "latest" => Ok(Self::Latest),
            "earliest" => Ok(Self::Earliest),
            _ if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map(Self::Last).map_err(|_| SinceError::new(text))
            }
            _ => Err(SinceError::new(text)),
        }
    }
}

/// A beginning that is none.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{value:?} is neither `earliest` nor `latest` nor a number of events from 0 to {}",
    u64::MAX
)]
pub struct SinceError {
    value: String,
}

impl SinceError {
    fn new(text: &str) -> Self {
        Self { value: shown(text.as_bytes()) }
    }
}

/// Where a listener begins, and what it is told of that.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resume {
    pub(crate) verdict: Verdict,
    pub(crate) anchor: Position,
}

impl Resume {
    /// How the listener's own id was taken.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The position before the first event that follows.
    pub fn anchor(&self) -> Position {
        self.anchor
    }
}

/// How a listener's last event ID was taken.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// It brought none.
    Fresh,
    /// All that it missed follows.
    Ok,
    /// It may have missed more than what follows.
    Gap(Gap),
}

impl Verdict {
    /// The verdict as the header `Sse-Resume` has it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Ok => "ok",
            Self::Gap(_) => "gap",
        }
    }
}

/// What a channel keeps: the events from `first` to `top`, and the epochs of all it ever had.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept<'a> {
    pub(crate) first: u64,
    pub(crate) top: u64,
    pub(crate) epochs: &'a Epochs,
}

/// Decides where a listener begins. The rows of the table are in their order here.
pub(crate) fn decide(start: &Start, kept: Kept<'_>) -> Resume {
    let requested = start.last_event_id.as_bytes();
    if requested.is_empty() {
        return Resume {
            verdict: Verdict::Fresh,
            anchor: kept.epochs.position(beginning(start.since, kept)),
        };
    }
    let gap = |reason, missed| Resume {
        verdict: Verdict::Gap(Gap::new(reason, requested, missed)),
        anchor: kept.epochs.position(kept.first - 1),
    };
    let Some(position) = Position::parse(requested) else {
        return gap(GapReason::Unknown, None);
    };
    let seq = position.seq();
    if kept.top < seq {
        return gap(GapReason::Diverged, None);
    }
    if kept.epochs.position(seq) != position {
        return gap(GapReason::Diverged, None);
    }
    match kept.first.checked_sub(seq + 1) {
        None | Some(0) => Resume { verdict: Verdict::Ok, anchor: position },
        Some(missed) => gap(GapReason::Trimmed, Some(missed)),
    }
}

/// Decides where a listener begins by what a log holds of a longer history, if that is enough: `None` where it
/// depends on what came before the log.
pub(crate) fn decide_by_log(start: &Start, held: Kept<'_>) -> Option<Resume> {
    let resume = decide(start, held);
    let is_enough = match (&resume.verdict, start.since) {
        (Verdict::Ok, _) | (Verdict::Fresh, Since::Latest) => true,
        (Verdict::Fresh, Since::Last(events)) => events <= held.top + 1 - held.first,
        (Verdict::Fresh, Since::Earliest) | (Verdict::Gap(_), _) => false,
    };
    is_enough.then_some(resume)
}

/// The position before the first event for a listener without an id.
fn beginning(since: Since, kept: Kept<'_>) -> u64 {
    match since {
        Since::Latest => kept.top,
        Since::Earliest => kept.first - 1,
        Since::Last(events) => kept.top.saturating_sub(events).max(kept.first - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Epoch;

    /// Events 12 to 20 are kept; from 6 on they are of the second epoch.
    fn kept(epochs: &Epochs) -> Kept<'_> {
        Kept { first: 12, top: 20, epochs }
    }

    fn epochs() -> Epochs {
        let mut epochs = Epochs::new(Epoch::new(0, 0));
        epochs.begin(6, Epoch::new(0, 1));
        epochs
    }

    fn asked(last: &str, since: Since) -> Start {
        Start::from(LastEventId::new(Some(last.as_bytes()), None)).with_since(since)
    }

    fn id(seq: u64, epoch: u64) -> String {
        Position::new(seq, Epoch::new(0, epoch)).to_string()
    }

    fn told(resume: &Resume) -> (&'static str, Option<u64>, u64) {
        let (name, missed) = match &resume.verdict {
            Verdict::Gap(gap) => (gap.reason().as_str(), gap.missed()),
            other => (other.as_str(), None),
        };
        (name, missed, resume.anchor.seq() + 1)
    }

    #[test]
    fn every_case_of_the_table_is_decided_as_written() {
        let epochs = epochs();
        for (last, expected) in [
            ("garbage".to_owned(), ("unknown", None, 12)),
            (id(21, 1), ("diverged", None, 12)),
            (id(u64::MAX, 1), ("diverged", None, 12)),
            (id(20, 1), ("ok", None, 21)),
            (id(20, 0), ("diverged", None, 12)),
            (id(15, 1), ("ok", None, 16)),
            (id(15, 0), ("diverged", None, 12)),
            (id(11, 1), ("ok", None, 12)),
            (id(10, 1), ("trimmed", Some(1), 12)),
            (id(8, 1), ("trimmed", Some(3), 12)),
            (id(8, 0), ("diverged", None, 12)),
            (id(5, 0), ("trimmed", Some(6), 12)),
            (id(5, 1), ("diverged", None, 12)),
            (id(0, 0), ("trimmed", Some(11), 12)),
            (id(0, 1), ("diverged", None, 12)),
        ] {
            for since in [Since::Latest, Since::Earliest, Since::Last(3)] {
                let resume = decide(&asked(&last, since), kept(&epochs));
                assert_eq!(told(&resume), expected, "{last}");
                assert_eq!(resume.anchor, epochs.position(resume.anchor.seq()), "{last}");
            }
        }
    }

    #[test]
    fn without_an_id_the_policy_says_where_to_begin() {
        let epochs = epochs();
        for (since, first) in [
            (Since::Latest, 21),
            (Since::Earliest, 12),
            (Since::Last(0), 21),
            (Since::Last(3), 18),
            (Since::Last(9), 12),
            (Since::Last(10), 12),
            (Since::Last(u64::MAX), 12),
        ] {
            let resume = decide(&Start::default().with_since(since), kept(&epochs));
            assert_eq!(told(&resume), ("fresh", None, first), "{since:?}");
        }
    }

    #[test]
    fn the_beginning_of_a_life_is_provable_while_its_first_event_is_kept() {
        let epochs = Epochs::new(Epoch::new(0, 0));
        for (first, top, expected) in [
            (1, 0, ("ok", None, 1)),
            (1, 5, ("ok", None, 1)),
            (2, 5, ("trimmed", Some(1), 2)),
            (6, 5, ("trimmed", Some(5), 6)),
        ] {
            let kept = Kept { first, top, epochs: &epochs };
            let resume = decide(&asked(&id(0, 0), Since::Latest), kept);
            assert_eq!(told(&resume), expected, "{first}..={top}");
            let foreign = decide(&asked(&id(0, 7), Since::Latest), kept);
            assert_eq!(told(&foreign), ("diverged", None, first), "{first}..={top}");
        }
    }

    #[test]
    fn only_what_came_before_the_kept_events_is_missed() {
        let epochs = Epochs::new(Epoch::new(0, 0));
        let kept = Kept { first: 5, top: 6, epochs: &epochs };
        for (seq, expected) in [
            (0, ("trimmed", Some(4), 5)),
            (1, ("trimmed", Some(3), 5)),
            (3, ("trimmed", Some(1), 5)),
            (4, ("ok", None, 5)),
            (5, ("ok", None, 6)),
            (6, ("ok", None, 7)),
        ] {
            assert_eq!(told(&decide(&asked(&id(seq, 0), Since::Latest), kept)), expected, "{seq}");
        }
    }

    #[test]
    fn a_log_decides_where_nothing_depends_on_what_came_before_it() {
        let epochs = epochs();
        let by_log = |start: Start| decide_by_log(&start, kept(&epochs)).map(|it| told(&it));
        for since in [Since::Latest, Since::Last(0), Since::Last(9)] {
            let decided = decide(&Start::default().with_since(since), kept(&epochs));
            assert_eq!(by_log(Start::default().with_since(since)), Some(told(&decided)));
        }
        for since in [Since::Earliest, Since::Last(10), Since::Last(u64::MAX)] {
            assert_eq!(by_log(Start::default().with_since(since)), None, "{since:?}");
        }
        for (last, expected) in [
            (id(11, 1), Some(("ok", None, 12))),
            (id(20, 1), Some(("ok", None, 21))),
            (id(10, 1), None),
            (id(21, 1), None),
            (id(20, 0), None),
            ("garbage".to_owned(), None),
        ] {
            assert_eq!(by_log(asked(&last, Since::Latest)), expected, "{last}");
        }
    }

    #[test]
    fn who_has_all_is_told_so_when_nothing_is_kept_any_more() {
        let epochs = Epochs::new(Epoch::new(0, 0));
        let kept = Kept { first: 6, top: 5, epochs: &epochs };

        assert_eq!(told(&decide(&asked(&id(5, 0), Since::Latest), kept)), ("ok", None, 6));
        assert_eq!(told(&decide(&asked(&id(4, 0), Since::Latest), kept)), ("trimmed", Some(1), 6));
    }
}
