use std::fmt;

/// Something that must not be.
///
/// ```
/// use sse_testkit::checker::{Checker, Rule};
///
/// let checker = Checker::new();
/// let mut client = checker.client("news");
/// client.connect(None);
/// let [violation] = &checker.check()[..] else { panic!("one is broken") };
/// assert_eq!(violation.rule(), Rule::Loss);
/// assert_eq!(
///     violation.to_string(),
///     "loss: client 0 of channel \"news\" was never told where it begins",
/// );
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    rule: Rule,
    words: String,
}

impl Violation {
    pub(super) fn new(rule: Rule, words: String) -> Self {
        Self { rule, words }
    }

    /// The rule that is broken.
    pub fn rule(&self) -> Rule {
        self.rule
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.words)
    }
}

/// What has to hold whatever goes wrong.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a test may be about each")]
pub enum Rule {
    /// The numbers that a client sees go up, and none comes twice.
    Order,
    /// What was acknowledged reaches every client that was subscribed over it, unless a gap says exactly that span.
    Loss,
    /// Nothing comes that was not published.
    Origin,
    /// The same ID is the same event for everybody.
    Identity,
    /// No gap is told where nothing was missed and that can be proven.
    Gap,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Order => "order",
            Self::Loss => "loss",
            Self::Origin => "origin",
            Self::Identity => "identity",
            Self::Gap => "gap",
        })
    }
}
