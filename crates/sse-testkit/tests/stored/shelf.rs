use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use sse_core::{
    Token,
    store::{Append, Done, Facts, Outcome, Page, Refused, Store, Stored, Unavailable},
};

use crate::{
    asked::{Answer, Ask, Asked, Decided, Verdict},
    kept::{Came, Epochs, Kept, Limits},
    random::Random,
};

/// A store in memory, which answers when the simulation lets it, and as badly as it says.
#[derive(Debug)]
pub(crate) struct Shelf(Mutex<State>);

#[derive(Debug)]
struct State {
    kept: BTreeMap<String, Kept>,
    epochs: Epochs,
    limits: Limits,
    habits: Habits,
    random: Random,
    now: Instant,
    /// What was asked and is not decided, the oldest first.
    asked: Vec<Asked>,
    /// What is decided and was not told, in the order of decisions.
    decided: Vec<Decided>,
    serial: u64,
    /// By serial, what was told of publications.
    told: HashMap<u64, Verdict>,
    may_not_open: u64,
    is_loud: bool,
}

/// How badly a store behaves: each is once in so many times, or never if it is 0.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Habits {
    /// It answers before the call returns.
    pub(crate) at_once: usize,
    pub(crate) refuses: usize,
    /// It stores, and does not know it.
    pub(crate) forgets: usize,
    /// It does not store, and does not know it.
    pub(crate) drops: usize,
    /// It cannot be read.
    pub(crate) is_blind: usize,
    /// It never answers.
    pub(crate) is_silent: usize,
    /// Pages are shorter than is asked for.
    pub(crate) cuts_pages: usize,
}

impl Shelf {
    pub(crate) fn new(seed: u64, limits: Limits, habits: Habits, now: Instant) -> Self {
        Self(Mutex::new(State {
            kept: BTreeMap::new(),
            epochs: Epochs::default(),
            limits,
            habits,
            random: Random::new(seed),
            now,
            asked: Vec::new(),
            decided: Vec::new(),
            serial: 0,
            told: HashMap::new(),
            may_not_open: 0,
            is_loud: false,
        }))
    }

    pub(crate) fn set_now(&self, now: Instant) {
        self.lock().now = now;
    }

    /// From here on it says what it does.
    pub(crate) fn be_loud(&self) {
        self.lock().is_loud = true;
    }

    /// From here on it behaves, and answers what it was silent about.
    pub(crate) fn behave(&self) {
        let mut state = self.lock();
        state.habits = Habits::default();
        state.asked.iter_mut().for_each(|asked| asked.is_silent = false);
    }

    /// Decides or tells something. Returns whether there was anything to do.
    pub(crate) fn work(&self) -> bool {
        let mut state = self.lock();
        let tells = state.random.once_in(2);
        for tells in [tells, !tells] {
            if tells {
                let may_be_told = state.may_be_told();
                if !may_be_told.is_empty() {
                    let at = state.random.below(may_be_told.len());
                    let (answer, since) = state.take(may_be_told[at]);
                    drop(state);
                    answer.tell(since);
                    return true;
                }
            } else if state.decide_one() {
                return true;
            }
        }
        false
    }

    /// The number of the last call.
    pub(crate) fn serial(&self) -> u64 {
        self.lock().serial
    }

    /// What was told of the publication of this number.
    pub(crate) fn told(&self, serial: u64) -> Option<Verdict> {
        self.lock().told.get(&serial).cloned()
    }

    /// How often it was said that a channel cannot be read.
    pub(crate) fn blind(&self) -> u64 {
        self.lock().may_not_open
    }

    pub(crate) fn trim(&self, token: &str, more: usize) {
        let mut state = self.lock();
        let (limits, now) = (state.limits, state.now);
        if let Some(kept) = state.kept.get_mut(token) {
            kept.trim(limits, more, now);
        }
    }

    /// The newest events of a channel are lost, at most `lost`, and what comes next is of a new epoch. What was not told
    /// yet of the lost ones never will be.
    pub(crate) fn tear(&self, token: &str, lost: usize) {
        let mut state = self.lock();
        let Some(kept) = state.kept.get_mut(token) else { return };
        let top = kept.tear(lost);
        for decided in &mut state.decided {
            if decided.token == token && top < decided.top {
                decided.forget();
            }
        }
    }

    /// The process that asked is gone: some of it is done, and nothing is answered. What comes next is of a new epoch
    /// everywhere, and the newest events are lost, as many as `lost` says.
    pub(crate) fn restart(&self, mut lost: impl FnMut() -> usize) {
        let mut state = self.lock();
        state.asked.iter_mut().for_each(|asked| asked.is_silent = false);
        while state.random.once_in(2) && state.decide_one() {}
        let gone = (std::mem::take(&mut state.asked), std::mem::take(&mut state.decided));
        for kept in state.kept.values_mut() {
            kept.tear(lost());
        }
        drop(state);
        drop(gone);
    }

    /// What `look` says of what is kept of a channel.
    pub(crate) fn look<T>(&self, token: &str, look: impl FnOnce(&Kept) -> T) -> T {
        let mut state = self.lock();
        look(state.kept.entry(token.to_owned()).or_default())
    }

    fn ask(&self, token: &Token, ask: Ask) {
        let mut state = self.lock();
        state.serial += 1;
        let (serial, token) = (state.serial, token.as_str().to_owned());
        let is_silent = state.chance(|habits| habits.is_silent);
        state.asked.push(Asked { serial, token, ask, is_silent });
        let is_at_once = !is_silent && state.chance(|habits| habits.at_once);
        if !is_at_once {
            return;
        }
        let last = state.asked.len() - 1;
        if !state.decide(last) {
            return;
        }
        let last = state.decided.len() - 1;
        if state.may_be_told().contains(&last) {
            let (answer, since) = state.take(last);
            drop(state);
            answer.tell(since);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("one thread alone uses it")
    }
}

impl State {
    fn say(&self, does: &str, decided: &Decided) {
        if self.is_loud {
            let (token, answer) = (&decided.token, &decided.answer);
            eprintln!("the store {does} {} of {token}: {answer:?}", decided.serial);
        }
    }

    fn chance(&mut self, habit: impl Fn(&Habits) -> usize) -> bool {
        let habit = habit(&self.habits);
        0 < habit && self.random.once_in(habit)
    }

    /// Those that are to be told in order come in order.
    fn may_be_told(&self) -> Vec<usize> {
        let mut waiting = Vec::new();
        let mut may = Vec::new();
        for (index, decided) in self.decided.iter().enumerate() {
            if !decided.is_ordered {
                may.push(index);
            } else if !waiting.contains(&&decided.token) {
                waiting.push(&decided.token);
                may.push(index);
            }
        }
        may
    }

    fn take(&mut self, index: usize) -> (Answer, Instant) {
        let decided = self.decided.remove(index);
        self.say("tells", &decided);
        if let Answer::Stored(_, _, verdict) = &decided.answer {
            self.told.insert(decided.serial, verdict.clone());
        }
        (decided.answer, decided.since.unwrap_or(self.now))
    }

    fn decide_one(&mut self) -> bool {
        let may: Vec<_> = (0..self.asked.len()).filter(|&index| self.can_decide(index)).collect();
        if may.is_empty() {
            return false;
        }
        let index = may[self.random.below(may.len())];
        self.decide(index)
    }

    fn can_decide(&self, index: usize) -> bool {
        let asked = &self.asked[index];
        let has_page =
            |after| self.kept.get(&asked.token).is_some_and(|kept| kept.page(after, 1).is_some());
        match asked.ask {
            _ if asked.is_silent => false,
            Ask::Page { after, .. } => has_page(after),
            _ => true,
        }
    }

    /// Decides what was asked, unless it has to wait for more.
    fn decide(&mut self, index: usize) -> bool {
        if !self.can_decide(index) {
            return false;
        }
        let Asked { serial, token, ask, .. } = self.asked.remove(index);
        let (now, limits) = (self.now, self.limits);
        self.kept.entry(token.clone()).or_default().trim(limits, 0, now);
        let mut decided = match ask {
            Ask::Open(done) => self.decide_open(&token, done),
            Ask::Page { after, max_bytes, done } => {
                self.decide_page(&token, (after, max_bytes), done)
            }
            Ask::Append(append, done) => {
                let act = |kept: &mut Kept, epochs: &mut Epochs| kept.append(append, epochs, now);
                let forgets = self.chance(|habits| habits.forgets);
                self.decide_stored(&token, act, forgets, done)
            }
            Ask::Finish(left, done) => {
                self.decide_stored(&token, |kept, _| kept.finish(left, now), false, done)
            }
        };
        self.kept.entry(token.clone()).or_default().trim(limits, 0, now);
        (decided.serial, decided.token, decided.since) = (serial, token, Some(now));
        self.say("decides", &decided);
        self.decided.push(decided);
        true
    }

    fn decide_open(&mut self, token: &str, done: Done<Result<Facts, Unavailable>>) -> Decided {
        let facts = if self.chance(|habits| habits.is_blind) {
            self.may_not_open += 1;
            Err(Unavailable::new("it is dark"))
        } else {
            let kept = self.kept.entry(token.to_owned()).or_default();
            Ok(kept.open(&mut self.epochs, self.now))
        };
        Decided::unordered(Answer::Open(done, facts))
    }

    fn decide_page(
        &mut self,
        token: &str,
        (after, max_bytes): (u64, usize),
        done: Done<Result<Page, Unavailable>>,
    ) -> Decided {
        let max_bytes = if self.chance(|habits| habits.cuts_pages) { 60 } else { max_bytes };
        let page = if self.chance(|habits| habits.is_blind) {
            Err(Unavailable::new("it is dark"))
        } else {
            let kept = self.kept.entry(token.to_owned()).or_default();
            kept.page(after, max_bytes).ok_or_else(|| Unavailable::new("there is nothing"))
        };
        Decided::unordered(Answer::Page(done, page))
    }

    fn decide_stored(
        &mut self,
        token: &str,
        act: impl FnOnce(&mut Kept, &mut Epochs) -> Came,
        forgets: bool,
        done: Done<Outcome>,
    ) -> Decided {
        let unavailable = || Unavailable::new("it is full");
        if self.chance(|habits| habits.refuses) {
            let refused = Refused::Unavailable(unavailable());
            let verdict = Verdict::Refused(refused.clone());
            return Decided::unordered(Answer::Stored(done, Outcome::Refused(refused), verdict));
        }
        let unknown = |done| {
            Decided::unordered(Answer::Stored(
                done,
                Outcome::Unknown(unavailable()),
                Verdict::Unknown,
            ))
        };
        if self.chance(|habits| habits.drops) {
            return unknown(done);
        }
        let kept = self.kept.entry(token.to_owned()).or_default();
        let came = act(kept, &mut self.epochs);
        if forgets {
            return unknown(done);
        }
        let (outcome, verdict, position) = match came {
            Came::Refused(refused) => {
                let verdict = Verdict::Refused(refused.clone());
                return Decided::unordered(Answer::Stored(
                    done,
                    Outcome::Refused(refused),
                    verdict,
                ));
            }
            Came::Again(position) => {
                let stored = Stored::new(position, Vec::new()).with_duplicate();
                (stored, Verdict::Stored { position, is_duplicate: true }, position)
            }
            Came::New(entries) => {
                let position = entries.last().map(|entry| entry.position());
                let stored = Stored::new(position, entries);
                (stored, Verdict::Stored { position, is_duplicate: false }, position)
            }
        };
        Decided {
            is_ordered: true,
            top: position.map_or(0, |position| position.seq()),
            ..Decided::unordered(Answer::Stored(done, Outcome::Stored(outcome), verdict))
        }
    }
}

impl Store for Shelf {
    fn open(&self, token: &Token, done: Done<Result<Facts, Unavailable>>) {
        self.ask(token, Ask::Open(done));
    }

    fn append(&self, append: Append, done: Done<Outcome>) {
        let token = append.token().clone();
        self.ask(&token, Ask::Append(append, done));
    }

    fn finish(&self, token: &Token, kept: Option<Duration>, done: Done<Outcome>) {
        self.ask(token, Ask::Finish(kept, done));
    }

    fn page(
        &self,
        token: &Token,
        after: u64,
        max_bytes: usize,
        done: Done<Result<Page, Unavailable>>,
    ) {
        self.ask(token, Ask::Page { after, max_bytes, done });
    }
}
