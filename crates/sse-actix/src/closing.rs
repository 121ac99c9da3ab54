use std::{
    task::{Context, Poll},
    time::{Duration, Instant},
};

use sse_tokio::{LazyTimer, now};

/// Ends the connection behind a stream that only the end of the connection ends.
///
/// While it answers, actix-web reads what the client asks next, and answers it behind the stream although
/// the connection was to be closed, also if the client itself asked for that: the next answer would stand
/// in the stream. The body cannot see whether anything was read. So it fails instead of ending, which
/// closes the connection at once, and therefore not before all was sent. actix-web asks the body again
/// whenever it has sent something, so it has done so once it asks no more; or the client does not read.
#[derive(Default)]
pub(crate) struct Closing {
    timer: LazyTimer,
    until: Option<Instant>,
    give_up: Option<Instant>,
}

impl Closing {
    /// Ready once nobody has asked for a second, or after half a minute.
    pub(crate) fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = now();
        let give_up = *self.give_up.get_or_insert(now + LONGEST);
        if self.until.is_none_or(|until| now < until) {
            self.until = Some(give_up.min(now + QUIET));
        }
        self.timer.poll_until(self.until, cx)
    }
}

/// Several round trips to a client far away.
const QUIET: Duration = Duration::from_secs(1);

/// What actix-web holds, 48 KiB, at little more than 1 KiB a second.
const LONGEST: Duration = Duration::from_secs(30);
