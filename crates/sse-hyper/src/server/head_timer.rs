use std::{
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;

/// The timer by which hyper waits for the head of an HTTP/1 request.
///
/// hyper counts from when it begins to read. The first head of a connection is due sooner: it
/// shares one deadline with the TLS handshake and the first bytes, so that a client cannot have
/// the time once for each.
#[derive(Debug)]
pub(super) struct HeadTimer {
    first_until: Instant,
    is_first: AtomicBool,
}

impl HeadTimer {
    /// A timer for a connection whose first head has to be there by `first_until`.
    pub(super) fn new(first_until: Instant) -> Self {
        Self { first_until, is_first: AtomicBool::new(true) }
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        TokioTimer::new().sleep(duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let is_first = self.is_first.swap(false, Ordering::Relaxed);
        let deadline = if is_first { deadline.min(self.first_until) } else { deadline };
        TokioTimer::new().sleep_until(deadline)
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, new_deadline: Instant) {
        TokioTimer::new().reset(sleep, new_deadline);
    }

    fn now(&self) -> Instant {
        TokioTimer::new().now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_the_first_head_is_due_at_the_deadline_of_the_connection() {
        let start = tokio::time::Instant::now();
        let timer = HeadTimer::new(timer_now() + Duration::from_secs(1));
        let later = timer_now() + Duration::from_secs(5);

        timer.sleep_until(later).await;
        let first = start.elapsed().as_secs();
        timer.sleep_until(later).await;

        assert_eq!((first, start.elapsed().as_secs()), (1, 5));
    }

    fn timer_now() -> Instant {
        TokioTimer::new().now()
    }
}
