use sse_core::history::{GapReason, Position};

use super::{
    book::{Book, Proof},
    place::Place,
    record::{Step, Steps},
    told::Told,
    violation::{Rule, Violation},
};

/// Follows one client through what it saw.
pub(super) struct Walk<'a> {
    book: &'a Book<'a>,
    number: usize,
    violations: &'a mut Vec<Violation>,
    is_subscribed: bool,
    /// The ID that it came with, until it is told what that is worth.
    asked: Option<&'a str>,
    /// Where it stands, once it was told.
    at: Option<Place>,
    /// Where it stood last, over all of its connections.
    last: Option<Place>,
    /// The epochs of what it has seen since it last began anew, the last one last.
    epochs: Vec<u32>,
    /// The place that it was told its channel does not have.
    forsaken: Option<Place>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        book: &'a Book<'a>,
        number: usize,
        violations: &'a mut Vec<Violation>,
    ) -> Self {
        Self {
            book,
            number,
            violations,
            is_subscribed: false,
            asked: None,
            at: None,
            last: None,
            epochs: Vec::new(),
            forsaken: None,
        }
    }

    pub(super) fn go(mut self, steps: &'a Steps) {
        for step in &steps.0 {
            match step {
                Step::Connected(asked) => {
                    (self.is_subscribed, self.asked, self.at) = (true, asked.as_deref(), None);
                }
                Step::Opened { is_ok, at } => self.open(*is_ok, *at),
                Step::Gap(told) => self.gap(told),
                Step::Event { at, .. } => self.event(*at),
                Step::Strange(what) => {
                    self.broken(Rule::Origin, format!("saw {what}, which no hub sends"));
                }
                Step::Left => self.is_subscribed = false,
            }
        }
        if self.is_subscribed {
            self.end();
        }
    }

    fn open(&mut self, is_ok: bool, at: Place) {
        if self.at.is_some() {
            self.broken(Rule::Order, "was told twice where it begins".to_owned());
        }
        let asked = self.asked.take();
        let shown = self.book.shown(at);
        match asked {
            Some(asked) if is_ok && asked != shown => self.broken(
                Rule::Loss,
                format!("came back with {asked:?}, and was told that it is at {shown}"),
            ),
            Some(asked) if !is_ok => self.broken(
                Rule::Loss,
                format!("came back with {asked:?}, and was taken for a new client at {shown}"),
            ),
            None if is_ok => self.broken(
                Rule::Loss,
                format!("came without an ID, and was told that it missed nothing at {shown}"),
            ),
            _ => (),
        }
        self.begin(at);
    }

    fn gap(&mut self, told: &Told) {
        let asked = self.asked.take();
        let is_first = self.at.is_none();
        let before = match (self.at, asked) {
            (Some(at), _) => Some(at),
            (None, asked) => asked
                .and_then(|asked| Position::parse(asked.as_bytes()))
                .and_then(|position| self.book.epochs.find(position)),
        };
        let is_a_position = before.is_some()
            || asked.is_some_and(|asked| Position::parse(asked.as_bytes()).is_some());
        if is_first && asked.is_none() {
            self.broken(Rule::Gap, "came without an ID, and was told a gap".to_owned());
        }
        if is_first
            && let Some(asked) = asked.filter(|asked| asked.len() <= MAX_SHOWN)
            && told.requested.as_deref() != Some(asked)
        {
            let requested = &told.requested;
            self.broken(Rule::Gap, format!("came with {asked:?}, and the gap says {requested:?}"));
        }
        self.forsaken = None;
        match (told.reason, before) {
            (GapReason::Trimmed, Some(before)) => self.trimmed(before, told),
            (GapReason::Diverged, before) if is_a_position => self.diverged(before, told),
            (GapReason::Unknown, _) if !is_a_position => (),
            _ => {
                let words = format!("was told the gap {:?} for {asked:?}", told.reason.as_str());
                self.broken(Rule::Gap, words);
            }
        }
        self.begin(told.anchor);
    }

    /// The gap has to be the span between both places, and not empty.
    fn trimmed(&mut self, before: Place, told: &Told) {
        let span = told.anchor.seq.checked_sub(before.seq);
        if span == told.missed && span != Some(0) {
            return;
        }
        let rule = if span == Some(0) { Rule::Gap } else { Rule::Loss };
        let (from, to) = (self.book.shown(before), self.book.shown(told.anchor));
        let missed = told.missed.map_or_else(|| "unknown".to_owned(), |missed| missed.to_string());
        self.broken(rule, format!("was told a gap from {from} to {to}, of {missed} missed events"));
    }

    /// The place must not be one that the channel has.
    fn diverged(&mut self, before: Option<Place>, told: &Told) {
        let anchor = told.anchor;
        if let Some(missed) = told.missed {
            let words = format!("was told that it has missed {missed} events of another life");
            self.broken(Rule::Gap, words);
        }
        // An ID that it has from elsewhere may be one that never was, or is to come.
        let Some(before) = before.filter(|_| before == self.last) else { return };
        if before.epoch == anchor.epoch && before.seq <= anchor.seq {
            let (from, to) = (self.book.shown(before), self.book.shown(anchor));
            let words = format!("was told that {from} is not there, and that it is at {to}");
            self.broken(Rule::Gap, words);
        } else {
            self.forsaken = Some(before);
        }
    }

    fn begin(&mut self, at: Place) {
        self.epochs.clear();
        self.epochs.push(at.epoch);
        (self.at, self.last) = (Some(at), Some(at));
    }

    fn event(&mut self, at: Place) {
        let shown = |place| self.book.shown(place);
        self.last = Some(at);
        let Some(before) = self.at.replace(at) else {
            let words = format!("saw {} before it was told where it begins", shown(at));
            self.broken(Rule::Order, words);
            return;
        };
        if at.seq <= before.seq {
            let words = format!("saw {} behind {}", shown(at), shown(before));
            self.broken(Rule::Order, words);
        } else if at.seq - before.seq != 1 {
            let (missed, acknowledged) =
                (at.seq - before.seq - 1, self.book.acknowledged_between(before.seq, at.seq));
            let words = format!(
                "saw {} right behind {}: {missed} events are missing, {acknowledged} were acknowledged",
                shown(at),
                shown(before),
            );
            self.broken(Rule::Loss, words);
        }
        if self.epochs.last() != Some(&at.epoch) {
            if self.epochs.contains(&at.epoch) {
                let words = format!("saw {}, of an epoch that had ended", shown(at));
                self.broken(Rule::Order, words);
            } else if let Some(begin) = self.book.begin(at.epoch).filter(|begin| begin.seq < at.seq)
            {
                let words = format!(
                    "saw {} right behind {}, though {} is there",
                    shown(at),
                    shown(before),
                    shown(begin),
                );
                self.broken(Rule::Loss, words);
            }
            self.epochs.push(at.epoch);
        }
        if self.forsaken == Some(at) {
            let words = format!("was told that {} is not there, and then saw it", shown(at));
            self.broken(Rule::Gap, words);
            self.forsaken = None;
        }
    }

    /// It has had the time to read everything.
    fn end(&mut self) {
        let Some(at) = self.at else {
            self.broken(Rule::Loss, "was never told where it begins".to_owned());
            return;
        };
        let mut missed = self.book.behind(at);
        let Some((first, proof)) = missed.next() else { return };
        let more = missed.filter(|(_, proof)| *proof == Proof::Acknowledged).count();
        let (first, at) = (self.book.shown(first), self.book.shown(at));
        let more = match more {
            0 => String::new(),
            more => format!(", nor {more} more that were acknowledged"),
        };
        let words = format!("has not seen {first}, which was {proof}{more}; it is at {at}");
        self.broken(Rule::Loss, words);
    }

    fn broken(&mut self, rule: Rule, words: String) {
        let words = format!("client {} of channel {:?} {words}", self.number, self.book.name);
        self.violations.push(Violation::new(rule, words));
    }
}

/// Longer IDs are not repeated in a gap, in bytes.
const MAX_SHOWN: usize = 64;
