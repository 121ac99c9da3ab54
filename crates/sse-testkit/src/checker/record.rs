use super::{place::Place, told::Told};

/// A publication, of at least one event.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) channel: u32,
    pub(super) hashes: Box<[u64]>,
    pub(super) fate: Fate,
}

/// What became of a publication.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// Nothing was said yet.
    Pending,
    Refused,
    Unknown,
    /// With the place of its last event.
    Acknowledged(Place),
    /// It was acknowledged at two places.
    Torn(Place, Place),
}

/// What a client did and saw, in order.
#[derive(Debug, Default)]
pub(super) struct Steps(pub(super) Vec<Step>);

#[derive(Debug)]
pub(super) enum Step {
    /// With the ID that the client came with.
    Connected(Option<Box<str>>),
    /// With the place that the first block names.
    Opened {
        is_ok: bool,
        at: Place,
    },
    Gap(Box<Told>),
    Event {
        at: Place,
        hash: u64,
    },
    /// Something that is no event of a hub with history.
    Strange(Box<str>),
    Left,
}
