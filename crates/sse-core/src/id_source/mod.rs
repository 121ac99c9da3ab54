//! Where the ids of events come from in a hub without history.

mod counter;
pub use counter::Counter;

mod time_stamp;
pub use time_stamp::TimeStamp;

use std::{fmt, time::Instant};

use crate::event::EventId;

/// Where the ids of a hub's events come from.
///
/// The hub asks once for each event that it accepts, with the channel locked, so that ids follow
/// the order of the channel.
///
/// ```
/// use std::time::Instant;
/// use sse_core::{HubConfig, StringFormat, event::EventId, id_source::IdSource};
///
/// #[derive(Debug)]
/// struct Constant;
///
/// impl IdSource for Constant {
///     fn next_id(&self, _now: Instant) -> EventId {
///         EventId::from_static("always")
///     }
/// }
///
/// let config = HubConfig::new(StringFormat).with_ids(Constant);
/// ```
pub trait IdSource: fmt::Debug + Send + Sync + 'static {
    /// The id of the event that is accepted at `now`.
    fn next_id(&self, now: Instant) -> EventId;
}
