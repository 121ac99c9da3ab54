//! An answer that is a stream of your own events.

mod buffer;
pub use buffer::EventBuffer;

mod emit;
pub use emit::Emit;

mod head;
pub(crate) use head::stream_head;
pub use head::{event_stream, stop_reconnecting};

mod last_event_id;
pub use last_event_id::LastEventId;
