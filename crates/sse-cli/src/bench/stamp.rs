use std::{fmt, time::Duration};

/// What each event carries so that it can be told from all others, and how late it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Stamp {
    pub(super) publisher: usize,
    /// Counts what this publisher sent to this channel, from 0.
    pub(super) seq: u64,
    /// Since the beginning of the run.
    pub(super) sent: Duration,
}

impl Stamp {
    /// The stamp somewhere in `data`.
    pub(super) fn find(data: &str) -> Option<Self> {
        let (_, rest) = data.split_once('~')?;
        let (stamp, _) = rest.split_once('~')?;
        let mut numbers = stamp.split('.');
        let mut next = || numbers.next()?.parse::<u64>().ok();
        let (publisher, seq, sent) = (next()?, next()?, next()?);
        let publisher = usize::try_from(publisher).ok().filter(|number| *number < PUBLISHERS)?;
        Some(Self { publisher, seq, sent: Duration::from_nanos(sent) })
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "~{}.{}.{}~", self.publisher, self.seq, self.sent.as_nanos())
    }
}

/// More than `--in-flight` may be: what says otherwise is none of our stamps.
const PUBLISHERS: usize = 10_001;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_found_wherever_they_stand() {
        let stamp = Stamp { publisher: 3, seq: 17, sent: Duration::from_nanos(123) };
        for data in [format!("{stamp}"), format!(r#"{{"s":"{stamp}","p":"xx"}}"#)] {
            assert_eq!(Stamp::find(&data), Some(stamp), "{data}");
        }
        for data in ["", "~", "~~", "~1.2~", "~a.2.3~", "1.2.3", "~10001.2.3~"] {
            assert_eq!(Stamp::find(data), None, "{data}");
        }
    }
}
