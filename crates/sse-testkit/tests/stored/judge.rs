use std::time::Instant;

use sse_core::{
    history::{GapReason, Position, Resume, Since, Verdict},
    hub::SubscribeError,
};

use crate::{kept::Kept, shelf::Shelf};

/// What the store had of a channel at some time.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    since: Since,
    breaks: u64,
    blind: u64,
    top: u64,
    first: u64,
    is_closed: bool,
    /// Whether the channel has the position that the client asks for.
    has_it: bool,
    /// The newest event of which a publisher was told.
    acknowledged: u64,
}

impl Seen {
    pub(crate) fn new(
        shelf: &Shelf,
        token: &str,
        (asked, since): (&str, Since),
        (breaks, acknowledged): (u64, u64),
        now: Instant,
    ) -> Self {
        let blind = shelf.blind();
        shelf.look(token, |kept: &Kept| Self {
            since,
            breaks: kept.breaks,
            blind,
            top: kept.top().map_or(0, |top| top.seq()),
            first: kept.first(),
            is_closed: kept.closed_until(now).is_some(),
            has_it: Position::parse(asked.as_bytes()).is_some_and(|asked| kept.has(asked)),
            acknowledged: if breaks == kept.breaks { acknowledged } else { 0 },
        })
    }

    pub(crate) fn since(&self) -> Since {
        self.since
    }

    /// Whether `resume` is right for `asked`, of a channel that was so when the client came and is `now` so.
    pub(crate) fn judge(&self, now: &Self, asked: &str, resume: &Resume) {
        if self.breaks != now.breaks {
            return;
        }
        let anchor = resume.anchor().seq();
        let position = Position::parse(asked.as_bytes());
        match (resume.verdict(), position) {
            (Verdict::Fresh, _) => {
                assert!(asked.is_empty(), "{asked:?} is taken for none");
                self.judge_fresh(now, anchor);
            }
            (Verdict::Ok, Some(position)) => {
                assert_eq!(resume.anchor(), position);
                // A hub that was not told yet that it is lost may say so, and ends the stream then.
                let is_right = now.has_it || self.has_it || 0 < now.breaks;
                assert!(is_right, "{asked:?} is not there");
            }
            (Verdict::Ok, None) => panic!("{asked:?} is taken for a position"),
            (Verdict::Gap(gap), position) => match (gap.reason(), position) {
                (GapReason::Unknown, None) => (),
                (GapReason::Diverged, Some(_)) => {
                    assert!(!self.has_it || !now.has_it, "{asked:?} is there: {self:?} {now:?}");
                }
                (GapReason::Trimmed, Some(position)) => {
                    assert!(now.has_it, "{asked:?} is not there: {self:?} {now:?}");
                    let next = position.seq() + 1;
                    assert!(next < now.first, "{asked:?} has missed nothing: {self:?} {now:?}");
                    assert!(anchor < now.first, "{anchor} leaves out what is kept: {now:?}");
                    assert_eq!(gap.missed(), Some(anchor - position.seq()));
                }
                (reason, _) => panic!("{reason:?} for {asked:?}"),
            },
            (verdict, _) => panic!("{verdict:?} for {asked:?}"),
        }
    }

    fn judge_fresh(&self, now: &Self, anchor: u64) {
        // A hub that was not told yet that some are lost has them.
        if 0 < now.breaks {
            return;
        }
        assert!(anchor <= now.top, "{anchor} is beyond all: {now:?}");
        match self.since {
            Since::Latest => {
                assert!(self.acknowledged <= anchor, "{anchor} is not the newest: {self:?}");
            }
            Since::Earliest => {
                assert!(anchor < now.first.max(1), "{anchor} is not the oldest: {now:?}");
            }
            Since::Last(events) => {
                let least = self.acknowledged.saturating_sub(events);
                assert!(least <= anchor, "{anchor} is too old for {events}: {self:?}");
                let most = now.top.saturating_sub(events).max(now.first - 1);
                assert!(anchor <= most, "{anchor} is too new for {events}: {now:?}");
            }
            _ => (),
        }
    }

    /// Whether a client is refused for a reason.
    pub(crate) fn judge_refusal(&self, now: &Self, error: &SubscribeError) {
        match error {
            SubscribeError::Ended => {
                assert!(
                    self.is_closed || now.is_closed || self.breaks != now.breaks,
                    "the channel is not over"
                );
            }
            SubscribeError::Unavailable => {
                assert!(self.blind < now.blind, "the store can be read");
            }
            error => panic!("{error}"),
        }
    }
}
