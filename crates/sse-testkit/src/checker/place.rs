use std::collections::HashMap;

use sse_core::history::{Epoch, Position};

/// A position, small enough to be kept a million times.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Place {
    pub(super) seq: u64,
    pub(super) epoch: u32,
}

/// The epochs that were seen, in the order in which they were first.
#[derive(Debug, Default)]
pub(super) struct Epochs {
    names: Vec<Epoch>,
    numbers: HashMap<Epoch, u32>,
}

impl Epochs {
    pub(super) fn place(&mut self, position: Position) -> Place {
        let next = u32::try_from(self.names.len()).expect("there is memory for fewer");
        let epoch = *self.numbers.entry(position.epoch()).or_insert_with(|| {
            self.names.push(position.epoch());
            next
        });
        Place { seq: position.seq(), epoch }
    }

    /// The place of `position`, if anything of its epoch was seen.
    pub(super) fn find(&self, position: Position) -> Option<Place> {
        let epoch = *self.numbers.get(&position.epoch())?;
        Some(Place { seq: position.seq(), epoch })
    }

    pub(super) fn position(&self, place: Place) -> Position {
        Position::new(place.seq, self.names[place.epoch as usize])
    }
}
