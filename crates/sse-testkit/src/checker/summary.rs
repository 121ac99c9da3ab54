use std::fmt;

use super::record::{Attempt, Fate, Step, Steps};

/// How much a [`Checker`](super::Checker) has recorded: a test in which nothing happens proves nothing.
///
/// ```
/// use sse_testkit::checker::Checker;
///
/// let checker = Checker::new();
/// checker.publish("news", "ping", &["1", "2"]).refuse();
/// assert_eq!(checker.summary().refused, 1);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "its fields are plain figures")]
pub struct Summary {
    /// Publications that were acknowledged.
    pub acknowledged: usize,
    /// Publications that were refused.
    pub refused: usize,
    /// Publications that may have been published, or of which nothing was said.
    pub unknown: usize,
    /// Clients.
    pub clients: usize,
    /// Connections of the clients beyond the first of each.
    pub reconnections: usize,
    /// Events that clients saw, one for each client.
    pub events: usize,
    /// Gaps that clients were told.
    pub gaps: usize,
}

impl Summary {
    pub(super) fn add_attempt(&mut self, attempt: &Attempt) {
        match attempt.fate {
            Fate::Acknowledged(_) | Fate::Torn(..) => self.acknowledged += 1,
            Fate::Refused => self.refused += 1,
            Fate::Pending | Fate::Unknown => self.unknown += 1,
        }
    }

    pub(super) fn add_client(&mut self, steps: &Steps) {
        self.clients += 1;
        let mut connections: usize = 0;
        for step in &steps.0 {
            match step {
                Step::Connected(_) => connections += 1,
                Step::Event { .. } => self.events += 1,
                Step::Gap(_) => self.gaps += 1,
                _ => (),
            }
        }
        self.reconnections += connections.saturating_sub(1);
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} publications acknowledged, {} refused, {} unknown; {} clients, {} reconnections, \
             {} events seen, {} gaps",
            self.acknowledged,
            self.refused,
            self.unknown,
            self.clients,
            self.reconnections,
            self.events,
            self.gaps,
        )
    }
}
