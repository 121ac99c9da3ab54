use std::collections::VecDeque;

use super::stamp::Stamp;

/// The events of a channel as the first listener that got them has read them, with all that frames them. The others
/// of a crowd get the same bytes: to compare them, many events at once, costs a tenth of what it costs to decode
/// them.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// The number of the first event that is still here.
    first: u64,
    bytes: Vec<u8>,
    /// How many bytes were there before those that are still here.
    forgotten: u64,
    /// Each event's stamp, and where what it came with ends, counted from the first byte there ever was.
    ends: VecDeque<(u64, Stamp)>,
}

impl Script {
    /// Gives `take` the stamp of each event from number `at` on that `input` begins with, and returns how many bytes
    /// these events are.
    pub(super) fn follow(&self, at: u64, input: &[u8], mut take: impl FnMut(Stamp)) -> usize {
        let index = at.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        let Some(index) = index.filter(|index| *index < self.ends.len()) else {
            return 0;
        };
        let begin = index.checked_sub(1).map_or(self.forgotten, |before| self.ends[before].0);
        let known = &self.bytes[(begin - self.forgotten) as usize..];
        let common = common_prefix(known, input) as u64;
        let mut taken = 0;
        for &(end, stamp) in self.ends.range(index..) {
            if begin + common < end {
                break;
            }
            taken = end - begin;
            take(stamp);
        }
        taken as usize
    }

    /// The number of the first event that is not here yet.
    pub(super) fn next(&self) -> u64 {
        self.first + self.ends.len() as u64
    }

    /// Adds the events from number `at` on, which came with `bytes`. Those before them are forgotten if the last of
    /// them is not here.
    pub(super) fn add(&mut self, at: u64, bytes: &[u8], stamps: &[Stamp]) {
        if at < self.next() {
            return;
        }
        if self.next() < at {
            *self = Self { first: at, ..Self::default() };
        }
        self.bytes.extend_from_slice(bytes);
        let end = self.forgotten + self.bytes.len() as u64;
        self.ends.extend(stamps.iter().map(|&stamp| (end, stamp)));
        if 2 * KEPT < self.bytes.len() {
            self.forget(end - KEPT as u64);
        }
    }

    /// Forgets the events that end before the byte `kept`.
    fn forget(&mut self, kept: u64) {
        let old = self.ends.partition_point(|(end, _)| *end <= kept);
        let Some(last) = old.checked_sub(1) else { return };
        let end = self.ends[last].0;
        self.ends.drain(..old);
        self.first += old as u64;
        self.bytes.drain(..(end - self.forgotten) as usize);
        self.forgotten = end;
    }
}

/// How long the beginning is that both have in common.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let len = a.len().min(b.len());
    if a[..len] == b[..len] {
        return len;
    }
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// How many bytes are kept at least: no listener of a crowd is further behind than what its socket holds.
const KEPT: usize = 32 << 20;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn stamp(seq: u64) -> Stamp {
        Stamp { publisher: 0, seq, sent: Duration::ZERO }
    }

    /// The numbers of the stamps that are found in `input`, and how many bytes they are.
    fn follow(script: &Script, at: u64, input: &[u8]) -> (Vec<u64>, usize) {
        let mut stamps = Vec::new();
        let len = script.follow(at, input, |stamp| stamps.push(stamp.seq));
        (stamps, len)
    }

    #[test]
    fn events_are_found_by_their_number_and_their_bytes() {
        let mut script = Script::default();
        script.add(0, b"data: a\n\n", &[stamp(7)]);
        script.add(1, b"data: b\n\n", &[stamp(8)]);
        script.add(0, b"data: c\n\n", &[stamp(9)]);

        assert_eq!(follow(&script, 0, b"data: a\n\ndata: b\n\ndata: x\n\n"), (vec![7, 8], 18));
        assert_eq!(follow(&script, 0, b"data: a\n\ndata: x\n\n"), (vec![7], 9));
        assert_eq!(follow(&script, 1, b"data: b\n\ndata:"), (vec![8], 9));
        assert_eq!(follow(&script, 1, b"data: a\n\n"), (vec![], 0));
        assert_eq!(follow(&script, 1, b"data: b\n"), (vec![], 0));
        assert_eq!(follow(&script, 2, b"data: c\n\n"), (vec![], 0));
        assert_eq!(script.next(), 2);
    }

    #[test]
    fn where_an_event_is_left_out_a_new_script_begins() {
        let mut script = Script::default();
        script.add(0, b"data: a\n\n", &[stamp(7)]);
        script.add(2, b"data: c\n\n", &[stamp(9)]);

        assert_eq!(follow(&script, 0, b"data: a\n\n"), (vec![], 0));
        assert_eq!(follow(&script, 2, b"data: c\n\n"), (vec![9], 9));
    }

    #[test]
    fn events_that_came_in_one_chunk_are_found_together() {
        let mut script = Script::default();
        script.add(0, b"\r\n8\r\n:a\n\n:b\n\n", &[stamp(1), stamp(2)]);

        assert_eq!(follow(&script, 0, b"\r\n8\r\n:a\n\n:b\n\n"), (vec![1, 2], 13));
        assert_eq!(follow(&script, 0, b"\r\n8\r\n:a\n\n"), (vec![], 0));
    }

    #[test]
    fn the_oldest_events_are_forgotten() {
        let mut script = Script::default();
        let event = [b'x'; 1 << 20];
        let events = 2 * KEPT / event.len() + 1;
        for at in 0..events as u64 {
            script.add(at, &event, &[stamp(at)]);
        }

        let kept = (events - KEPT / event.len()) as u64;
        assert_eq!(follow(&script, kept - 1, &event), (vec![], 0));
        assert_eq!(follow(&script, kept, &event), (vec![kept], event.len()));
        let last = events as u64 - 1;
        assert_eq!(follow(&script, last, &event), (vec![last], event.len()));
    }
}
