use std::collections::HashMap;

use super::{
    place::{Epochs, Place},
    record::{Attempt, Fate, Step, Steps},
    violation::{Rule, Violation},
};

/// All that is known of a channel, in the order of places.
pub(super) struct Book<'a> {
    pub(super) name: &'a str,
    pub(super) epochs: &'a Epochs,
    /// Whether it was finished, so that there may be several lives.
    was_finished: bool,
    may_lose_tails: bool,
    acknowledged: Vec<Known>,
    seen: Vec<Known>,
    /// By the hash of an event, the publications that may show once.
    open: HashMap<u64, Open<'a>>,
    refused: HashMap<u64, usize>,
    /// Publications that were acknowledged at two places.
    torn: Vec<(usize, Place, Place)>,
    /// Where each event has to be that a client must not miss.
    expected: Vec<(Place, Proof)>,
    /// By epoch, the number of its oldest event.
    begins: Vec<u64>,
    /// By epoch, the number from which on another one may have taken its place.
    lost_from: Vec<u64>,
}

/// An event at a place, and who says so.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Known {
    at: Place,
    hash: u64,
    /// The number of the publication, or of the client.
    who: usize,
}

/// Publications of the same event, of which each may have been published.
#[derive(Default)]
struct Open<'a> {
    attempts: Vec<&'a Attempt>,
    /// How many of them clients saw.
    shown: usize,
}

/// How it is known that an event is there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Proof {
    Acknowledged,
    SeenBy(usize),
}

impl<'a> Book<'a> {
    pub(super) fn new(
        name: &'a str,
        epochs: &'a Epochs,
        was_finished: bool,
        may_lose_tails: bool,
    ) -> Self {
        Self {
            name,
            epochs,
            was_finished,
            may_lose_tails,
            acknowledged: Vec::new(),
            seen: Vec::new(),
            open: HashMap::new(),
            refused: HashMap::new(),
            torn: Vec::new(),
            expected: Vec::new(),
            begins: Vec::new(),
            lost_from: Vec::new(),
        }
    }

    pub(super) fn add_attempt(&mut self, number: usize, attempt: &'a Attempt) {
        if let Fate::Torn(first, second) = attempt.fate {
            self.torn.push((number, first, second));
        }
        match attempt.fate {
            Fate::Acknowledged(last) | Fate::Torn(last, _) => {
                let behind = (0..attempt.hashes.len() as u64).rev();
                for (&hash, behind) in attempt.hashes.iter().zip(behind) {
                    let at = Place { seq: last.seq.saturating_sub(behind), ..last };
                    self.acknowledged.push(Known { at, hash, who: number });
                }
            }
            Fate::Refused => {
                attempt.hashes.iter().for_each(|&hash| _ = self.refused.insert(hash, number));
            }
            Fate::Pending | Fate::Unknown => {
                for &hash in &attempt.hashes {
                    self.open.entry(hash).or_default().attempts.push(attempt);
                }
            }
        }
    }

    pub(super) fn add_client(&mut self, number: usize, steps: &Steps) {
        self.seen.extend(steps.0.iter().filter_map(|step| match *step {
            Step::Event { at, hash } => Some(Known { at, hash, who: number }),
            _ => None,
        }));
    }

    /// Looks at what all say together.
    pub(super) fn check(&mut self, violations: &mut Vec<Violation>) {
        self.acknowledged.sort_unstable();
        self.seen.sort_unstable();
        self.seen.dedup_by_key(|known| (known.at, known.hash));
        self.expect();
        self.note_begins();
        self.check_identity(violations);
        self.check_origin(violations);
        self.check_forks(violations);
        self.expected.retain(|(place, _)| !is_lost(*place, &self.lost_from));
    }

    pub(super) fn shown(&self, place: Place) -> String {
        self.epochs.position(place).to_string()
    }

    /// What a client that stands at `at` has still to see.
    pub(super) fn behind(&self, at: Place) -> impl Iterator<Item = (Place, Proof)> {
        let from = self.expected.partition_point(|(place, _)| place.seq <= at.seq);
        let is_same_life = move |place: Place| !self.was_finished || place.epoch == at.epoch;
        self.expected[from..].iter().copied().filter(move |&(place, _)| is_same_life(place))
    }

    /// The oldest event of an epoch that anybody knows of.
    pub(super) fn begin(&self, epoch: u32) -> Option<Place> {
        let seq = *self.begins.get(epoch as usize)?;
        Some(Place { seq, epoch })
    }

    /// How many events between two numbers, both excluded, were acknowledged.
    pub(super) fn acknowledged_between(&self, after: u64, before: u64) -> usize {
        let up_to = |seq| self.acknowledged.partition_point(|known| known.at.seq < seq);
        up_to(before).saturating_sub(up_to(after.saturating_add(1)))
    }

    fn check_identity(&self, violations: &mut Vec<Violation>) {
        let mut broken = |words| violations.push(Violation::new(Rule::Identity, words));
        let name = self.name;
        for (number, first, second) in &self.torn {
            broken(format!(
                "publication {number} to channel {name:?} was acknowledged as {} and as {}",
                self.shown(*first),
                self.shown(*second),
            ));
        }
        for (one, other) in pairs(&self.acknowledged) {
            if one.at == other.at {
                broken(format!(
                    "{} of channel {name:?} was given to publication {} and to publication {}",
                    self.shown(one.at),
                    one.who,
                    other.who,
                ));
            }
        }
        for (one, other) in pairs(&self.seen) {
            if one.at == other.at {
                broken(format!(
                    "{} of channel {name:?} is one event for client {} and another for client {}",
                    self.shown(one.at),
                    one.who,
                    other.who,
                ));
            }
        }
    }

    fn check_origin(&mut self, violations: &mut Vec<Violation>) {
        let places: HashMap<_, _> =
            self.acknowledged.iter().map(|known| (known.hash, known.at)).collect();
        let mut open = std::mem::take(&mut self.open);
        let mut claims = Vec::new();
        for seen in &self.seen {
            let Known { at, hash, who } = *seen;
            let name = self.name;
            let client = format!("client {who} of channel {name:?}");
            let same_place = self.acknowledged.partition_point(|known| known.at < at);
            if let Some(known) = self.acknowledged.get(same_place).filter(|known| known.at == at) {
                if known.hash != hash {
                    let (at, publication) = (self.shown(at), known.who);
                    let words = format!(
                        "{client} saw another event at {at} than publication {publication}, which got it"
                    );
                    violations.push(Violation::new(Rule::Identity, words));
                }
                continue;
            }
            let first = places.get(&hash);
            let is_known = first.is_some() || open.contains_key(&hash);
            let may_come_again = self.was_finished || self.may_lose_tails;
            if is_known && may_come_again && first.is_none_or(|first| first.epoch != at.epoch) {
                continue;
            }
            if let Some(open) = open.get_mut(&hash)
                && let Some(attempt) = open.attempts.get(open.shown)
            {
                open.shown += 1;
                if open.attempts.len() == 1 {
                    claims.extend(claimed(attempt, seen));
                }
                continue;
            }
            let why = match (first, self.refused.get(&hash)) {
                (Some(first), _) => format!("which was acknowledged as {}", self.shown(*first)),
                (None, Some(refused)) => format!("which was refused as publication {refused}"),
                (None, None) if open.contains_key(&hash) => "which has come before".to_owned(),
                (None, None) => "which nobody published".to_owned(),
            };
            let words = format!("{client} saw an event at {}, {why}", self.shown(at));
            violations.push(Violation::new(Rule::Origin, words));
        }
        self.check_claims(&claims, violations);
    }

    /// All of a publication is there, or nothing, and without anything in between.
    fn check_claims(&self, claims: &[Known], violations: &mut Vec<Violation>) {
        for claim in claims {
            let same_place = self.seen.partition_point(|known| known.at < claim.at);
            let other = self.seen.get(same_place).filter(|known| known.at == claim.at);
            if let Some(other) = other.filter(|known| known.hash != claim.hash) {
                let words = format!(
                    "client {} of channel {:?} saw an event at {} in the middle of others that were published \
                     together",
                    other.who,
                    self.name,
                    self.shown(claim.at),
                );
                violations.push(Violation::new(Rule::Origin, words));
            }
        }
    }

    /// What was acknowledged or seen by anybody has to be seen by everybody.
    fn expect(&mut self) {
        let acknowledged = self.acknowledged.iter().map(|known| (known.at, Proof::Acknowledged));
        let seen = self.seen.iter().map(|known| (known.at, Proof::SeenBy(known.who)));
        self.expected = acknowledged.chain(seen).collect();
        self.expected.sort_unstable();
        self.expected.dedup_by_key(|(place, _)| *place);
    }

    /// Two events with one number in one life: one of them is lost.
    fn check_forks(&self, violations: &mut Vec<Violation>) {
        if self.was_finished || self.may_lose_tails {
            return;
        }
        for ((one, proof), (other, other_proof)) in pairs(&self.expected) {
            if one.seq == other.seq {
                let words = format!(
                    "channel {:?} has both {}, which was {proof}, and {}, which was {other_proof}: one of them is \
                     lost",
                    self.name,
                    self.shown(*one),
                    self.shown(*other),
                );
                violations.push(Violation::new(Rule::Loss, words));
            }
        }
    }

    fn note_begins(&mut self) {
        for (place, _) in &self.expected {
            let epoch = place.epoch as usize;
            self.begins.resize(self.begins.len().max(epoch + 1), u64::MAX);
            self.begins[epoch] = self.begins[epoch].min(place.seq);
        }
        if self.may_lose_tails {
            // From here on, what begins with an epoch that was seen later.
            self.lost_from = self.begins.iter().skip(1).copied().chain([u64::MAX]).collect();
            for epoch in (1..self.lost_from.len()).rev() {
                let later = self.lost_from[epoch];
                self.lost_from[epoch - 1] = self.lost_from[epoch - 1].min(later);
            }
        }
    }
}

/// Whether another epoch may have taken the place of `at`.
fn is_lost(at: Place, lost_from: &[u64]) -> bool {
    lost_from.get(at.epoch as usize).is_some_and(|&from| from <= at.seq)
}

/// Where the neighbours have to be of an event that a client saw, in the publication of all of them.
fn claimed<'a>(attempt: &'a Attempt, seen: &'a Known) -> impl Iterator<Item = Known> + 'a {
    let mine = attempt.hashes.iter().position(|&hash| hash == seen.hash).unwrap_or_default();
    [(mine.checked_sub(1), seen.at.seq.checked_sub(1)), (Some(mine + 1), Some(seen.at.seq + 1))]
        .into_iter()
        .filter_map(|(neighbour, seq)| {
            let at = Place { seq: seq?, ..seen.at };
            Some(Known { at, hash: *attempt.hashes.get(neighbour?)?, who: seen.who })
        })
}

impl std::fmt::Display for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Acknowledged => f.write_str("acknowledged"),
            Self::SeenBy(client) => write!(f, "seen by client {client}"),
        }
    }
}

/// Neighbours in a sorted list.
fn pairs<T>(sorted: &[T]) -> impl Iterator<Item = (&T, &T)> {
    sorted.iter().zip(sorted.iter().skip(1))
}
