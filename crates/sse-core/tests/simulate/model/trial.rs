use super::{Channel, Cut, Model, Place, Tombstone};

/// What steps have changed that turn out to be wrong.
pub(super) struct Saved {
    live: Vec<(usize, Channel)>,
    open: Vec<Option<usize>>,
    tombstones: Vec<Option<Tombstone>>,
    places: Vec<Place>,
    cut: Cut,
}

impl Model {
    pub(super) fn save(&self) -> Saved {
        let live = self.live.iter().map(|&channel| (channel, self.channels[channel].clone()));
        Saved {
            live: live.collect(),
            open: self.open.clone(),
            tombstones: self.tombstones.clone(),
            places: self.places.clone(),
            cut: self.cut.clone(),
        }
    }

    pub(super) fn restore(&mut self, saved: Saved) {
        self.live = saved.live.iter().map(|(channel, _)| *channel).collect();
        for (channel, it) in saved.live {
            self.channels[channel] = it;
        }
        (self.open, self.tombstones, self.places) = (saved.open, saved.tombstones, saved.places);
        self.cut = saved.cut;
    }
}
