use std::sync::Arc;

use sse_core::history::Position;

use super::{Shared, lock, record::Fate};

/// A publication that a [`Checker`](super::Checker) knows of, to be told what became of it.
///
/// A publication that is sent again under the same idempotency key is the same one: what is said last counts, but what
/// may have been published may have been, whatever is refused later.
///
/// ```
/// use sse_testkit::checker::Checker;
///
/// let checker = Checker::new();
/// let publication = checker.publish("news", "ping", &["hi"]);
/// publication.leave_unknown();
/// publication.refuse();
/// assert_eq!(checker.summary().unknown, 1);
/// ```
#[derive(Debug)]
pub struct CheckedPublication {
    pub(super) shared: Arc<Shared>,
    pub(super) index: usize,
}

impl CheckedPublication {
    /// It is safe, and its last event is at `position`.
    pub fn acknowledge(&self, position: Position) {
        let place = self.shared.place(position);
        self.change(|fate| match fate {
            Fate::Acknowledged(before) | Fate::Torn(before, _) if before != place => {
                Fate::Torn(before, place)
            }
            Fate::Torn(..) => fate,
            _ => Fate::Acknowledged(place),
        });
    }

    /// Nothing of it was published, and nothing will be.
    pub fn refuse(&self) {
        self.change(|fate| match fate {
            Fate::Pending => Fate::Refused,
            _ => fate,
        });
    }

    /// It may have been published.
    pub fn leave_unknown(&self) {
        self.change(|fate| match fate {
            Fate::Pending | Fate::Refused => Fate::Unknown,
            _ => fate,
        });
    }

    fn change(&self, change: impl FnOnce(Fate) -> Fate) {
        let fate = &mut lock(&self.shared.attempts)[self.index].fate;
        *fate = change(*fate);
    }
}
