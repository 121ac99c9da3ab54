use sse_core::{history::Start, hub::Published};

use crate::{after::After, model::Cut, seen::Thing, world::World};

impl World {
    /// Somebody comes to the hub, which forgets first what is over age.
    pub(crate) fn come(&mut self) {
        self.has_come = true;
        // Where room is made, something else may turn out to be over age.
        while self.model.expire(self.now) && self.model.has_too_much() {
            // Room is made for it before anything else, and only the hub knows how.
            self.hub.expire(self.now);
            self.leave_hub(true, true);
        }
        self.model.expire_tombstones(self.now);
    }

    /// Somebody asks for the channel of a token, which forgets first what is over age.
    pub(crate) fn ask_for(&mut self, token: usize) {
        let was_open = self.model.channel(token).is_some();
        self.model.forget_old(token, self.now);
        if was_open && self.model.drained.is_none() && self.model.has_too_much() {
            let (start, name) = (Start::default(), self.settings.token(token));
            let _checked = self.hub.check_subscribe(name, &start, self.now);
            self.leave_hub(true, false);
            self.model.expire_tombstones(self.now);
        }
    }

    /// Nothing was done at the hub but to forget.
    pub(crate) fn go_refused(&mut self) {
        self.leave_hub(false, false);
    }

    /// Something was done at the hub, and room has to be made for it.
    pub(crate) fn go(&mut self, published: Option<&Published>) {
        let told = self.leave_hub(true, false);
        for overrun in published.into_iter().flat_map(Published::overrun) {
            let cut = told.get(&self.settings.find(&overrun.token)).copied().unwrap_or(0);
            assert!(overrun.listeners <= cut, "the publisher is told of more than there were");
        }
    }

    /// Who was cut, as a watcher is told.
    pub(crate) fn told(&mut self) -> Cut {
        let told = self.watching.listen();
        told.iter().map(|(name, cut)| (self.settings.find(name), *cut)).collect()
    }

    /// As far as the hub was free to choose what had to go, it is looked at. If it `has_expired`, it has let
    /// go of tombstones since. Returns who was cut.
    fn leave_hub(&mut self, is_room_made: bool, has_expired: bool) -> Cut {
        let told = self.told();
        let has_come = std::mem::take(&mut self.has_come);
        if self.model.has_too_much() {
            let parts = (&self.hub.clone(), &self.settings.clone());
            let after = After::new(parts, &told, (has_expired, has_come), self.now);
            self.make_room(&after, is_room_made);
            self.has_peeked |= after.has_asked();
        }
        self.model.turns += 1;
        if std::mem::take(&mut self.has_peeked) {
            self.model.expire_tombstones(self.now);
        }
        assert_eq!(told, std::mem::take(&mut self.model.cut), "who was cut, and who had to be");
        told
    }

    fn make_room(&mut self, after: &After<'_>, is_room_made: bool) {
        let model = &mut self.model;
        let is_shrunk = model.has_too_much_history();
        // Whoever reads may have writes joined, and only the next one who comes makes room for them.
        if !is_room_made && !is_shrunk && model.is_as(after) {
            return;
        }
        let (before, unread, tombstones) =
            (model.cut.clone(), model.unread_bytes(), model.tombstones());
        if model.make_room(after) && is_shrunk {
            self.seen.note(Thing::Shrunk, 1);
            let is_read = unread < model.unread_bytes() || before != model.cut;
            self.seen.note(Thing::ShrunkUnderReader, u64::from(is_read));
            self.seen.note(Thing::TombstoneDropped, u64::from(model.tombstones() < tombstones));
        }
        self.seen.note(Thing::OverrunInTotal, u64::from(!is_shrunk && before != model.cut));
    }

    /// The hub has let somebody onto a channel: it is open, in the life `epoch` if that is known, and another
    /// has given way to it if there were too many.
    pub(crate) fn open(&mut self, token: usize, epoch: Option<&str>) {
        if let Some((_, life)) = self.model.channel(token) {
            return assert_eq!(life.epoch, epoch.unwrap_or(&life.epoch), "another life");
        }
        if self.model.is_at_limit() {
            self.model.give_way();
            self.seen.note(Thing::GaveWay, 1);
        }
        let looked = match epoch {
            None if self.settings.history.is_some() => self.peek(token),
            epoch => epoch.unwrap_or_default().to_owned(),
        };
        self.model.open(token, &looked, self.now);
    }

    /// Looks in which life a channel is.
    fn peek(&mut self, token: usize) -> String {
        self.has_peeked = true;
        let start = Start::default();
        let looked = self.hub.check_subscribe(self.settings.token(token), &start, self.now);
        let resume = looked.expect("it is not taken").expect("there is a history");
        resume.anchor().epoch().as_str().to_owned()
    }
}
