//! In which order a node tells its hub what is known of one channel. What it publishes itself, what others tell it and
//! what it reads come by different ways, each of them late, twice or not at all.

use std::collections::BTreeMap;

use sse_core::history::{Epoch, Position};

/// The newest event of a channel that the hub was told, and the life that it belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Tail {
    pub(crate) life: u64,
    pub(crate) at: Position,
}

/// What comes of one channel, in the order in which it is told.
#[derive(Debug)]
pub(crate) struct Order<T> {
    state: State,
    /// What came too early, by its life and its last event.
    early: BTreeMap<(u64, u64, u64), Item<T>>,
    serial: u64,
    /// Up to where Redis has confirmed what was told.
    confirmed: u64,
    need: Need,
}

/// Something that is to be told once everything before it was.
#[derive(Debug)]
pub(crate) struct Item<T> {
    /// The life of the channel.
    pub(crate) life: u64,
    pub(crate) what: Place,
    pub(crate) told: T,
}

/// Where something belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// Events, one behind the other.
    Events { first: u64, last: u64, epoch: Epoch },
    /// Behind this event.
    Behind(u64),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Nobody listens here: what comes is told at once, and nothing is missed.
    Closed,
    /// Redis is asked where the channel stands: what comes waits.
    Opening,
    At(Tail),
}

/// What has to be read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Need {
    #[default]
    Nothing,
    /// Events are missing that may be on their way.
    Missing,
    /// What came contradicts what was told, or may do so.
    Doubt,
}

/// What Redis says of a channel.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Known {
    /// The life that goes on, and its newest event.
    pub(crate) current: Option<Tail>,
    /// Which epoch begins with which event.
    pub(crate) ranges: Vec<(u64, Epoch)>,
    /// The life before, and its last event.
    pub(crate) previous: Option<Tail>,
}

/// What follows for those who were told everything up to a tail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// Nothing of it was lost, and the life goes on.
    GoesOn,
    /// Nothing of it was lost, and the life is over.
    Ended,
    /// Redis has not what it has told.
    Lost,
}

impl<T> Order<T> {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Closed,
            early: BTreeMap::new(),
            serial: 0,
            confirmed: 0,
            need: Need::Nothing,
        }
    }

    /// Up to where everything was told, if that is known.
    pub(crate) fn tail(&self) -> Option<Tail> {
        match self.state {
            State::At(tail) => Some(tail),
            State::Closed | State::Opening => None,
        }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.early.len()
    }

    /// Redis is asked where the channel stands. Nothing changes where that is known.
    pub(crate) fn open(&mut self) {
        if self.state == State::Closed {
            self.state = State::Opening;
        }
    }

    /// Redis has said where the channel stands; the hub is told the rest.
    pub(crate) fn begin(&mut self, tail: Tail) {
        (self.state, self.confirmed, self.need) = (State::At(tail), tail.at.seq(), Need::Nothing);
    }

    /// The hub has nothing of the channel any more.
    pub(crate) fn close(&mut self) {
        (self.state, self.need) = (State::Closed, Need::Nothing);
    }

    /// Everything up to `at` was told, and Redis has it.
    pub(crate) fn confirm(&mut self, at: Position) {
        if let State::At(tail) = &mut self.state
            && tail.at.seq() <= at.seq()
        {
            tail.at = at;
            self.confirmed = at.seq();
        }
        self.need = Need::Nothing;
    }

    /// Redis has the event at `at`, which was told.
    pub(crate) fn confirm_seen(&mut self, at: Position) {
        self.confirmed = self.confirmed.max(at.seq());
    }

    /// Takes what has come.
    pub(crate) fn put(&mut self, item: Item<T>) {
        self.serial += 1;
        let last = match item.what {
            Place::Events { last, .. } => last,
            Place::Behind(seq) => seq,
        };
        self.early.insert((item.life, last, self.serial), item);
    }

    /// Everything that has come so far has a number up to this one.
    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    /// What Redis has lost: it had come by `serial`, and was not there when Redis was read after that, which had
    /// everything up to `top`.
    pub(crate) fn take_lost(&mut self, serial: u64, top: Option<Tail>) -> Vec<T> {
        let top = top.map_or((0, 0), |top| (top.life, top.at.seq()));
        let is_lost =
            |(life, last, number): &(u64, u64, u64)| *number <= serial && top < (*life, *last);
        let lost: Vec<_> = self.early.keys().filter(|key| is_lost(key)).copied().collect();
        lost.iter().filter_map(|key| self.early.remove(key)).map(|item| item.told).collect()
    }

    /// What is to be told next. The flag says whether its events are new: if they are not, those who wait for it are
    /// told all the same.
    pub(crate) fn take(&mut self) -> Option<(T, bool)> {
        let entry = self.early.first_entry()?;
        let item = entry.get();
        let is_new = match self.state {
            State::Closed => false,
            State::Opening => return None,
            State::At(tail) if item.life < tail.life => false,
            State::At(tail) if tail.life < item.life => {
                self.need = Need::Doubt;
                return None;
            }
            State::At(tail) => match item.what {
                Place::Behind(seq) if seq <= tail.at.seq() => true,
                Place::Events { last, epoch, .. } if last <= tail.at.seq() => {
                    if epoch != tail.at.epoch() && self.confirmed < last {
                        self.need = Need::Doubt;
                        return None;
                    }
                    false
                }
                Place::Events { epoch, .. } if epoch != tail.at.epoch() => {
                    self.need = Need::Doubt;
                    return None;
                }
                Place::Events { first, last, epoch } if first <= tail.at.seq() + 1 => {
                    self.state = State::At(Tail { at: Position::new(last, epoch), ..tail });
                    true
                }
                Place::Behind(_) | Place::Events { .. } => {
                    self.need = Need::Missing;
                    return None;
                }
            },
        };
        Some((entry.remove().told, is_new))
    }

    /// What has to be read before more can be told.
    pub(crate) fn need(&self) -> Need {
        if self.early.is_empty() { Need::Nothing } else { self.need }
    }
}

/// Whether Redis still has what it has told: everything up to `tail`.
pub(crate) fn judge(tail: Tail, known: &Known) -> Verdict {
    let (life, seq) = (tail.life, tail.at.seq());
    if let Some(current) = known.current.filter(|current| current.life == life) {
        let has_it =
            seq <= current.at.seq() && epoch_at(seq, &known.ranges) == Some(tail.at.epoch());
        return if has_it { Verdict::GoesOn } else { Verdict::Lost };
    }
    match known.previous.filter(|previous| previous.life == life) {
        Some(last) if seq < last.at.seq() || last.at == tail.at => Verdict::Ended,
        _ => Verdict::Lost,
    }
}

/// The epoch of an event, if it is known.
fn epoch_at(seq: u64, ranges: &[(u64, Epoch)]) -> Option<Epoch> {
    ranges.iter().rev().find(|(begin, _)| *begin <= seq).map(|(_, epoch)| *epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(number: u64) -> Epoch {
        Epoch::new(0, number)
    }

    fn tail(life: u64, seq: u64, of: u64) -> Tail {
        Tail { life, at: Position::new(seq, epoch(of)) }
    }

    #[test]
    fn what_redis_says_proves_that_nothing_was_lost_or_not() {
        let forked = || Known {
            current: Some(tail(7, 20, 1)),
            ranges: vec![(0, epoch(0)), (15, epoch(1))],
            previous: Some(tail(6, 9, 5)),
        };
        for (told, expected) in [
            (tail(7, 20, 1), Verdict::GoesOn),
            (tail(7, 15, 1), Verdict::GoesOn),
            (tail(7, 14, 0), Verdict::GoesOn),
            (tail(7, 0, 0), Verdict::GoesOn),
            (tail(7, 15, 0), Verdict::Lost),
            (tail(7, 14, 1), Verdict::Lost),
            (tail(7, 21, 1), Verdict::Lost),
            (tail(6, 9, 5), Verdict::Ended),
            (tail(6, 3, 5), Verdict::Ended),
            (tail(6, 9, 4), Verdict::Lost),
            (tail(6, 10, 5), Verdict::Lost),
            (tail(5, 1, 1), Verdict::Lost),
        ] {
            assert_eq!(judge(told, &forked()), expected, "{told:?}");
        }
        let later = Known { ranges: vec![(12, epoch(1))], ..forked() };
        assert_eq!(judge(tail(7, 11, 1), &later), Verdict::Lost, "nothing is known of that time");
        assert_eq!(judge(tail(7, 1, 0), &Known::default()), Verdict::Lost);
    }

    #[test]
    fn what_redis_did_not_have_when_it_was_read_later_is_lost() {
        let mut order = Order::new();
        order.open();
        order.begin(tail(7, 5, 0));
        let events = |seq| Place::Events { first: seq, last: seq, epoch: epoch(0) };
        for (life, seq) in [(7, 7), (8, 1), (7, 6)] {
            order.put(Item { life, what: events(seq), told: (life, seq) });
        }
        let serial = order.serial();
        order.put(Item { life: 7, what: events(8), told: (7, 8) });

        let lost = order.take_lost(serial, Some(tail(7, 6, 0)));

        assert_eq!(lost, [(7, 7), (8, 1)]);
        assert_eq!(order.take(), Some(((7, 6), true)));
        assert_eq!((order.take(), order.need()), (None, Need::Missing), "8 came later");
    }

    /// Messages come twice, in any order or not at all, and now and then the history forks without losing anything.
    #[test]
    fn events_are_told_once_and_in_order_however_they_come() {
        for seed in 0..2_000u64 {
            let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
            let mut draw = |below: u64| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random % below
            };
            let (mut order, mut ranges, mut told) = (Order::new(), vec![(0, epoch(0))], Vec::new());
            order.open();
            order.begin(tail(1, 0, 0));
            let (mut top, mut under_way) = (0, Vec::new());
            for _ in 0..60 {
                if draw(10) == 0 {
                    ranges.push((top + 1, epoch(ranges.len() as u64)));
                }
                top += 1;
                under_way.extend((0..draw(3)).map(|_| top));
                while !under_way.is_empty() && draw(3) != 0 {
                    let seq = under_way.swap_remove(draw(under_way.len() as u64) as usize);
                    let epoch = epoch_at(seq, &ranges).unwrap();
                    let what = Place::Events { first: seq, last: seq, epoch };
                    order.put(Item { life: 1, what, told: seq });
                    while let Some((seq, is_new)) = order.take() {
                        told.extend(is_new.then_some(seq));
                    }
                }
                if order.need() != Need::Nothing && draw(2) == 0 {
                    let at = order.tail().unwrap().at.seq();
                    let until = at + draw(top - at + 1);
                    told.extend(at + 1..=until);
                    order.confirm(Position::new(until, epoch_at(until, &ranges).unwrap()));
                    while let Some((seq, is_new)) = order.take() {
                        told.extend(is_new.then_some(seq));
                    }
                }
            }
            let expected: Vec<_> = (1..=told.len() as u64).collect();
            assert_eq!(told, expected, "seed {seed}");
            assert_eq!(order.tail().unwrap().at.seq(), told.len() as u64, "seed {seed}");
        }
    }
}
