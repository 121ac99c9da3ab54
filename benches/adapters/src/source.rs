use std::time::Duration;

use futures_util::{Stream, StreamExt, future::Either, stream};
use tokio_stream::wrappers::IntervalStream;

/// The data of the events that a path asks for: `/fast/N` for `N` of them as fast as they are taken,
/// `/ticks/N` for `N` of them, one every 40 ms.
pub fn events(path: &str) -> impl Stream<Item = String> + Send + Sync + Unpin + use<> {
    let (pace, count) = path.rsplit_once('/').unwrap_or_default();
    let count = count.parse().unwrap_or_default();
    if pace.ends_with("ticks") {
        let ticks = IntervalStream::new(tokio::time::interval(TICK));
        Either::Left(ticks.take(count).map(|_| data()))
    } else {
        Either::Right(stream::iter((0..count).map(|_| data())))
    }
}

fn data() -> String {
    format!("{}{FILL}", char::from(MARK))
}

/// Stands once in each event, so that counting it counts events.
pub const MARK: u8 = b'@';

/// How often a stream that ticks does.
pub const TICK: Duration = Duration::from_millis(40);

/// With the mark, the field's name and the line ends, an event of 100 bytes.
const FILL: &str =
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
