use std::{
    pin::pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::task::yield_now;

/// Lets others have a turn before a body writes again that has waited for hardly any time.
///
/// A listener that is woken is the next task to run, and would write each event by itself. After a turn of
/// the event loop, whatever was published in between goes out in the same write. The turn is not free, so
/// it is taken only where events come in quick succession. It is the listener that takes it, in a task that
/// runs for as long as there is somebody to write to: whoever publishes may be gone by then, and the
/// runtime of that one too.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    waiting_since: Option<Instant>,
}

impl Turn {
    /// Ready if the body may go on at `now`, and otherwise after a turn.
    pub(crate) fn poll(&mut self, now: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if self.waiting_since.take().is_some_and(|since| now < since + SUCCESSION) {
            // Its first poll has the task woken behind a turn, and it has nothing else to do.
            return pin!(yield_now()).poll(cx);
        }
        Poll::Ready(())
    }

    /// There is nothing to write at `now`.
    pub(crate) fn handle_wait(&mut self, now: Instant) {
        self.waiting_since = Some(now);
    }
}

/// A turn costs less than a microsecond, so less than a thousandth of the time where it joins nothing.
const SUCCESSION: Duration = Duration::from_millis(1);
