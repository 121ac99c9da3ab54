use std::collections::VecDeque;

use super::stamp::Stamp;

/// The events of a channel as its first listener got them. The others of a crowd get the same bytes, and
/// to compare them costs a tenth of what it costs to decode them.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// The number of the first event that is still here.
    first: u64,
    events: VecDeque<(Box<[u8]>, Stamp)>,
}

impl Script {
    /// The stamp and the length of event number `at`, if `input` begins with it.
    pub(super) fn find(&self, at: u64, input: &[u8]) -> Option<(Stamp, usize)> {
        let index = usize::try_from(at.checked_sub(self.first)?).ok()?;
        let (bytes, stamp) = self.events.get(index)?;
        input.starts_with(bytes).then_some((*stamp, bytes.len()))
    }

    /// Adds event number `at`, if it is the next.
    pub(super) fn add(&mut self, at: u64, bytes: &[u8], stamp: Stamp) {
        if at != self.first + self.events.len() as u64 || LONGEST < bytes.len() {
            return;
        }
        if self.events.len() == KEPT {
            self.events.pop_front();
            self.first += 1;
        }
        self.events.push_back((bytes.into(), stamp));
    }
}

/// How many events are kept: the listeners of a crowd are about as far as each other.
const KEPT: usize = 8192;

/// Of longer events the parts that this saves cost little.
const LONGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn stamp(seq: u64) -> Stamp {
        Stamp { publisher: 0, seq, sent: Duration::ZERO }
    }

    #[test]
    fn an_event_is_found_by_its_number_and_its_bytes() {
        let mut script = Script::default();
        script.add(0, b"data: a\n\n", stamp(7));
        script.add(2, b"data: c\n\n", stamp(9));
        script.add(1, b"data: b\n\n", stamp(8));

        assert_eq!(script.find(0, b"data: a\n\ndata: b\n\n"), Some((stamp(7), 9)));
        assert_eq!(script.find(1, b"data: b\n\n"), Some((stamp(8), 9)));
        assert_eq!(script.find(1, b"data: a\n\n"), None);
        assert_eq!(script.find(1, b"data: b\n"), None);
        assert_eq!(script.find(2, b"data: c\n\n"), None);
    }

    #[test]
    fn the_oldest_events_are_forgotten() {
        let mut script = Script::default();
        for at in 0..=KEPT as u64 {
            script.add(at, b"data: a\n\n", stamp(at));
        }

        assert_eq!(script.find(0, b"data: a\n\n"), None);
        assert_eq!(script.find(1, b"data: a\n\n"), Some((stamp(1), 9)));
        let last = KEPT as u64;
        assert_eq!(script.find(last, b"data: a\n\n"), Some((stamp(last), 9)));
    }
}
