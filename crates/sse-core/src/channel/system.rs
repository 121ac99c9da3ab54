//! What the hub itself says in a stream. An unaware `EventSource` fires nothing for it that it does
//! not listen to, and a listener that does gets a line of data, without which nothing fires at all.

use std::time::Duration;

use bytes::Bytes;

use crate::{
    Event,
    event::EventName,
    history::{Resume, Verdict},
};

/// The first block of a stream. It goes out with the head, which some proxies and clients hold back
/// until there is a byte of the body.
///
/// It is an event with a name and data, since several clients drop a block without data, with the ID
/// that it carries. A gap is told in its place: a client that is cut before the end of the block
/// still has its old ID, comes back with it, and is told again.
pub(super) fn open(resume: Option<&Resume>, retry: Duration) -> Bytes {
    let event = |data| Event::data(data).with_name(EventName::from_static("sse.open"));
    let event = match resume {
        None => event("{}".to_owned()),
        Some(resume) => match resume.verdict() {
            Verdict::Gap(gap) => gap.event(Some(resume.anchor())),
            verdict => event(format!(r#"{{"resume":"{}"}}"#, verdict.as_str()))
                .with_id(resume.anchor().into()),
        },
    };
    event.with_retry(retry).encode()
}

/// The channel is over.
pub(super) const END: Bytes = Bytes::from_static(b"event: sse.end\ndata: {}\n\n");

/// The grant of the listener has ended or was revoked. The client may come back with another grant.
pub(super) const EXPIRED: Bytes = Bytes::from_static(b"event: sse.expired\ndata: {}\n\n");

/// Another listener took the channel over. With a day as its reconnection time, a client that knows
/// nothing of this does not fight back.
pub(super) const REPLACED: Bytes =
    Bytes::from_static(b"event: sse.replaced\nretry: 86400000\ndata: {}\n\n");
