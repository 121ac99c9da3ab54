use std::{rc::Rc, sync::Arc, time::Instant};

use sse_core::{Hub, access::Grant};

use crate::{
    connection::Connection,
    model::Model,
    random::Random,
    seen::{Seen, Thing},
    settings::Settings,
    socket::Driver,
    watching::Watching,
};

/// One run: the hub under test, those who use it, and the model of it.
pub(crate) struct World {
    pub(crate) settings: Rc<Settings>,
    pub(crate) random: Random,
    pub(crate) hub: Arc<Hub>,
    pub(crate) model: Model,
    /// In the order of the model's places.
    pub(crate) connections: Vec<Connection>,
    pub(crate) drivers: [Driver; 2],
    /// How many sockets there were.
    pub(crate) sockets: u64,
    /// Whether an engine is in the middle of a write.
    pub(crate) is_writing: bool,
    /// Whether somebody has fallen out during a write, and the hub does not know yet.
    pub(crate) has_fallen: bool,
    /// Those that listeners may come with.
    pub(crate) grants: Vec<Grant>,
    /// Clients whose connection broke, with their token and the ID that they will come back with.
    pub(crate) away: Vec<(usize, Option<String>)>,
    pub(crate) watching: Watching,
    pub(crate) now: Instant,
    pub(crate) seen: Seen,
    pub(crate) steps: usize,
    /// Whether somebody has come to the hub since something was done at it.
    pub(crate) has_come: bool,
    /// Whether somebody has come only to look since something was done at the hub.
    pub(crate) has_peeked: bool,
    /// Whether the hub is shut down: what was remembered is only there to be read then, however much it is.
    pub(crate) is_over: bool,
    /// How many hubs there were before this one.
    restarts: u64,
    seed: u64,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let settings = Rc::new(Settings::draw(&mut random));
        let hub = settings.hub(seed);
        let drivers = Self::drivers(&mut random);
        Self {
            model: Model::new(&settings),
            watching: Watching::new(&hub),
            hub,
            settings,
            random,
            connections: Vec::new(),
            drivers,
            sockets: 0,
            is_writing: false,
            has_fallen: false,
            grants: Vec::new(),
            away: Vec::new(),
            now: epoch(),
            seen: Seen::default(),
            steps: 0,
            has_come: false,
            has_peeked: false,
            is_over: false,
            restarts: 0,
            seed,
        }
    }

    pub(crate) fn step(&mut self) {
        if Some(self.steps) == self.settings.drains_at {
            self.drain();
        }
        self.steps += 1;
        let token = self.random.below(self.settings.tokens());
        match self.random.below(100) {
            0..32 => self.publish(token),
            32..46 => self.listen(token),
            46..80 => self.look(),
            80..88 => self.vanish(),
            88..91 => self.set_retry(token),
            91..93 => self.close(token),
            93..95 => self.refuse(token),
            95 => self.revoke(),
            _ => self.pass(),
        }
        self.audit();
    }

    /// Ends the run: everyone sees all that was for them, and nothing is left.
    pub(crate) fn end(&mut self) {
        self.shut_down();
        self.audit();
        self.finish();
    }

    /// Another hub takes the place of this one, which has ended.
    pub(crate) fn restart(&mut self) {
        self.finish();
        self.restarts += 1;
        self.seen.note(Thing::Restarted, 1);
        self.hub = self.settings.hub(self.seed ^ (self.restarts << 32));
        let old = std::mem::replace(&mut self.watching, Watching::new(&self.hub));
        old.end();
        self.model.restart();
        self.is_over = false;
    }

    /// Everyone reads to the end of what was for them, and goes.
    fn finish(&mut self) {
        self.finish_driven();
        for who in (0..self.connections.len()).rev() {
            while !self.connections[who].is_over {
                self.look_at(who);
            }
            self.connections[who].client.read_all();
            self.part(who);
        }
        self.audit();
        let counts = self.hub.counts();
        let held = [counts.unread_bytes, counts.joined_bytes, counts.history_bytes];
        assert_eq!((held, counts.tombstones), ([0; 3], 0), "nothing is left");
    }
}

#[expect(clippy::disallowed_methods, reason = "an `Instant` has no other origin")]
fn epoch() -> Instant {
    Instant::now()
}
