use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use sse_core::{Hub, Token, hub::Submission};
use sse_testkit::checker::{CheckedPublication, Checker};

use crate::{
    client::Client,
    flag::Flag,
    random::Random,
    seen::{Seen, Thing},
    settings::{ENDS, Settings, tokens},
    shelf::Shelf,
};

/// One run: the hub under test over its store, and those who use it.
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) random: Random,
    pub(crate) tokens: [Token; 3],
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) checker: Checker,
    pub(crate) clients: Vec<Client>,
    pub(crate) waiting: Vec<Waiting>,
    /// Those of which nobody knows what became of them, to be sent again.
    pub(crate) unknown: Vec<Again>,
    /// By token, the newest event of which a publisher was told, and how often the channel had lost some then.
    pub(crate) acknowledged: [(u64, u64); 3],
    pub(crate) published: u64,
    pub(crate) now: Instant,
    pub(crate) steps: usize,
    pub(crate) seen: Seen,
    /// Whether it says what it does.
    is_loud: bool,
    seed: u64,
    lives: u64,
}

/// A publication that is waited for.
pub(crate) struct Waiting {
    pub(crate) submission: Pin<Box<Submission>>,
    pub(crate) flag: Flag,
    /// What the store knows it as, if it came that far.
    pub(crate) serial: Option<u64>,
    pub(crate) asked: Again,
}

/// What was asked for, and may be asked for again.
#[derive(Clone)]
pub(crate) struct Again {
    pub(crate) token: usize,
    pub(crate) action: &'static str,
    pub(crate) body: String,
    pub(crate) is_batch: bool,
    pub(crate) key: Option<String>,
    pub(crate) checked: Option<Arc<CheckedPublication>>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let settings = Settings::draw(&mut random);
        let now = epoch();
        let shelf = Arc::new(Shelf::new(random.next(), settings.limits, settings.habits, now));
        let checker = Checker::new();
        let checker = if settings.may_tear { checker.with_lost_tails() } else { checker };
        Self {
            hub: settings.hub(seed, &shelf),
            settings,
            random,
            tokens: tokens(),
            shelf,
            checker,
            clients: Vec::new(),
            waiting: Vec::new(),
            unknown: Vec::new(),
            acknowledged: [(0, 0); 3],
            published: 0,
            now,
            steps: 0,
            seen: Seen::default(),
            is_loud: false,
            seed,
            lives: 0,
        }
    }

    pub(crate) fn step(&mut self) {
        self.steps += 1;
        match self.random.below(100) {
            0..22 => self.publish(),
            22..26 => self.publish_again(),
            26..28 => self.set_retry(),
            28 => self.close(),
            29..60 => self.work(),
            60..70 => self.come(),
            70..86 => self.look(),
            86..90 => self.cut(),
            90..92 => self.trim(),
            92..94 => self.pass(),
            94 => self.tear(),
            95 => self.restart(),
            _ => _ = self.look_at_publications(),
        }
    }

    /// Everybody has the time to come and to read everything.
    pub(crate) fn end(&mut self) {
        self.shelf.behave();
        while self.shelf.work() || self.look_at_publications() {}
        // What was finished is free again.
        self.pass_by(Duration::from_secs(60));
        self.settle();
        if !self.settings.may_tear {
            self.checker.assert_clean();
        }
        for token in 0..self.tokens.len() {
            self.publish_last(token);
        }
        self.settle();
        assert!(self.waiting.is_empty(), "a publication is still waited for");
        for client in &self.clients {
            let token = self.tokens[client.token].as_str();
            let top = self.shelf.look(token, |kept| kept.top());
            assert_eq!(client.at, top, "a client of {token} has not come to the end");
        }
        self.checker.assert_clean();
        let summary = self.checker.summary();
        self.seen.note(Thing::Acknowledged, summary.acknowledged as u64);
        self.seen.note(Thing::Event, summary.events as u64);
        self.seen.note(Thing::Reconnected, summary.reconnections as u64);
    }

    fn settle(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let mut is_busy = false;
            while self.shelf.work() {
                is_busy = true;
            }
            is_busy |= self.look_at_publications();
            for who in 0..self.clients.len() {
                self.clients[who].is_slow = false;
                if self.clients[who].is_away() {
                    self.come_back(who);
                    is_busy = true;
                }
                is_busy |= self.look_at(who);
            }
            if !is_busy {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    fn work(&mut self) {
        let times = 1 + self.random.below(6);
        (0..times).for_each(|_| _ = self.shelf.work());
    }

    fn pass(&mut self) {
        let millis = self.random.pick(&[1, 100, 2_000, 6_000]);
        self.pass_by(Duration::from_millis(millis));
    }

    fn pass_by(&mut self, time: Duration) {
        self.now += time;
        self.say(|| format!("{time:?} pass"));
        self.shelf.set_now(self.now);
        if self.random.once_in(4) {
            self.hub.expire(self.now);
        }
        self.give_up();
    }

    fn trim(&mut self) {
        let token = self.tokens[self.random.below(3)].clone();
        let more = self.random.below(4);
        self.shelf.trim(token.as_str(), more);
        self.say(|| format!("{} is trimmed by {more}", token.as_str()));
    }

    /// The store forks while the hub lives, and tells it what it stores from there on.
    fn tear(&mut self) {
        if self.settings.may_tear && self.settings.habits.forgets == 0 {
            let token = self.random.below(3);
            let lost = self.random.below(4);
            self.shelf.tear(self.tokens[token].as_str(), lost);
            self.say(|| format!("{} loses {lost}", self.tokens[token].as_str()));
            self.seen.note(Thing::Torn, 1);
        }
    }

    /// The process ends, well or not, and another one begins with the same store.
    fn restart(&mut self) {
        if !self.settings.may_restart || self.lives == MAX_LIVES {
            return;
        }
        self.lives += 1;
        self.say(|| "the process ends".to_owned());
        if self.random.once_in(2) {
            let joining = self.clients.iter_mut().filter(|client| !client.is_here());
            joining.for_each(Client::part);
            self.hub.shutdown().wake();
            (0..self.clients.len()).for_each(|who| _ = self.look_at(who));
            self.seen.note(Thing::ShutDown, 1);
        }
        self.clients.iter_mut().for_each(|client| client.part());
        for waiting in std::mem::take(&mut self.waiting) {
            self.leave_unknown(waiting.asked);
        }
        let hub = Arc::downgrade(&self.hub);
        let may_tear = self.settings.may_tear;
        let random = &mut self.random;
        self.shelf.restart(|| if may_tear { random.below(4) } else { 0 });
        self.hub = self.settings.hub(self.seed ^ (self.lives << 32), &self.shelf);
        assert_eq!(hub.strong_count(), 0, "the hub is kept by somebody");
        self.seen.note(Thing::Restarted, 1);
    }

    /// From here on it says what it does.
    pub(crate) fn be_loud(&mut self) {
        self.is_loud = true;
        self.shelf.be_loud();
    }

    pub(crate) fn say(&self, what: impl FnOnce() -> String) {
        if self.is_loud {
            eprintln!("{}: {}", self.steps, what());
        }
    }

    pub(crate) fn may_end(token: usize) -> bool {
        token == ENDS
    }
}

fn epoch() -> Instant {
    Instant::now()
}

const MAX_ROUNDS: usize = 10_000;

/// A channel remembers 16 epochs.
const MAX_LIVES: u64 = 6;
