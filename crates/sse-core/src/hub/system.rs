//! What the hub itself says in a stream. An unaware `EventSource` fires nothing for it that it does
//! not listen to, and a listener that does gets a line of data, without which nothing fires at all.

use bytes::Bytes;

/// The channel is over.
pub(super) const END: Bytes = Bytes::from_static(b"event: sse.end\ndata: {}\n\n");

/// Another listener took the channel over. With a day as its reconnection time, a client that knows
/// nothing of this does not fight back.
pub(super) const REPLACED: Bytes =
    Bytes::from_static(b"retry: 86400000\nevent: sse.replaced\ndata: {}\n\n");
