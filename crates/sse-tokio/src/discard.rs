use std::{
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use crate::LazyTimer;

/// Reads what still comes and throws it away: up to 16 MiB, for 5 s.
///
/// A client that writes everything before it reads gets a reset instead of its answer where a connection is
/// closed with unread bytes.
///
/// ```
/// use std::{future::poll_fn, task::Poll};
///
/// use sse_tokio::{Discard, now};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // The lengths of what comes.
/// let mut lens = [1460, 540].into_iter();
/// let mut discard = Discard::new(now());
/// poll_fn(|cx| discard.poll_by(cx, |_cx| Poll::Ready(lens.next()))).await;
/// assert_eq!(lens.len(), 0);
/// # }
/// ```
#[derive(Debug)]
pub struct Discard {
    /// None behind the end.
    left: Option<usize>,
    until: Instant,
    timer: LazyTimer,
}

impl Discard {
    /// One whose time begins at `now`.
    pub fn new(now: Instant) -> Self {
        Self { left: Some(MAX_BYTES), until: now + MAX_TIME, timer: LazyTimer::default() }
    }

    /// Reads by `poll_read`, which says how many bytes it has thrown away, or nothing at the end. Ready at
    /// the end or at a limit, and from then on.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with time enabled.
    pub fn poll_by(
        &mut self,
        cx: &mut Context<'_>,
        mut poll_read: impl FnMut(&mut Context<'_>) -> Poll<Option<usize>>,
    ) -> Poll<()> {
        while let Some(left) = self.left {
            self.left = match poll_read(cx) {
                Poll::Ready(count) => count.and_then(|count| left.checked_sub(count)),
                Poll::Pending => {
                    ready!(self.timer.poll_until(Some(self.until), cx));
                    None
                }
            };
        }
        Poll::Ready(())
    }
}

const MAX_BYTES: usize = 16 << 20;
const MAX_TIME: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::Instant;

    use super::*;
    use crate::now;

    #[tokio::test(start_paused = true)]
    async fn what_fits_is_read_to_its_end_and_what_does_not_is_left() {
        let mib = 1 << 20;
        for (count, unread) in [(1, 0), (16, 0), (17, 0), (18, 1)] {
            let mut lens = vec![mib; count].into_iter();
            let mut discard = Discard::new(now());
            let mut has_ended = false;
            let mut read = |_: &mut Context<'_>| {
                let len = lens.next();
                has_ended |= len.is_none();
                Poll::Ready(len)
            };
            for _ in 0..2 {
                poll_fn(|cx| discard.poll_by(cx, &mut read)).await;
            }

            assert_eq!((lens.len(), has_ended), (unread, count <= 16), "{count}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_no_more_is_left_after_five_seconds() {
        let (mut discard, start) = (Discard::new(now()), Instant::now());

        for _ in 0..2 {
            poll_fn(|cx| discard.poll_by(cx, |_cx| Poll::Pending)).await;
        }

        assert_eq!(start.elapsed(), MAX_TIME);
    }
}
