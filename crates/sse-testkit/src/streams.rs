use std::{fmt, pin::Pin, sync::Arc};

use futures_core::Stream;
use sse_core::{Event, response::LastEventId};

/// What the server under test answers to `GET /stream` with the adapter's `Sse`.
///
/// ```
/// use futures_util::stream;
/// use sse_core::{Event, response::LastEventId};
/// use sse_testkit::Streams;
///
/// let streams = Streams::new(|last| {
///     let events = stream::iter(["1", "2"].map(|data| Ok(Event::data(data))));
///     last.is_none().then(|| Box::pin(events) as _)
/// });
/// assert!(streams.open(&LastEventId::default()).is_some());
/// ```
#[derive(Clone)]
pub struct Streams(Arc<Open>);

impl Streams {
    /// Streams that `open` makes, one for each request.
    pub fn new(open: impl Fn(&LastEventId) -> Option<EventStream> + Send + Sync + 'static) -> Self {
        Self(Arc::new(open))
    }

    /// What a client that has seen `last` is sent with `Sse::new`, or `None` for `Sse::stop`.
    pub fn open(&self, last: &LastEventId) -> Option<EventStream> {
        (self.0)(last)
    }
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").finish_non_exhaustive()
    }
}

/// The stream that is given to `Sse::new`.
pub type EventStream = Pin<Box<dyn Stream<Item = Result<Event, String>> + Send>>;

type Open = dyn Fn(&LastEventId) -> Option<EventStream> + Send + Sync;
