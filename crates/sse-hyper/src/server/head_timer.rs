use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use hyper::rt::{Sleep, Timer};

use sse_tokio::{LazyTimer, now};

/// The timer by which hyper waits for the head of an HTTP/1 request.
///
/// hyper counts from when it begins to read. The first head of a connection is due sooner: it
/// shares one deadline with the TLS handshake and the first bytes, so that a client cannot have
/// the time once for each.
///
/// hyper asks for a new sleep for each request. All those of a connection share one timer, which
/// is moved only when it fires: it is not paid for with each request.
#[derive(Debug)]
pub(super) struct HeadTimer {
    first_until: Instant,
    is_first: AtomicBool,
    timer: Arc<Mutex<LazyTimer>>,
}

impl HeadTimer {
    /// A timer for a connection whose first head has to be there by `first_until`.
    pub(super) fn new(first_until: Instant) -> Self {
        Self { first_until, is_first: AtomicBool::new(true), timer: Arc::default() }
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let is_first = self.is_first.swap(false, Ordering::Relaxed);
        let until = if is_first { deadline.min(self.first_until) } else { deadline };
        Box::pin(HeadSleep { until, timer: self.timer.clone() })
    }

    fn now(&self) -> Instant {
        now()
    }
}

/// One wait on the timer of its connection.
#[derive(Debug)]
struct HeadSleep {
    until: Instant,
    timer: Arc<Mutex<LazyTimer>>,
}

impl Sleep for HeadSleep {}

impl Future for HeadSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut timer = self.timer.lock().unwrap_or_else(PoisonError::into_inner);
        timer.poll_until(Some(self.until), cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_the_first_head_is_due_at_the_deadline_of_the_connection() {
        let start = tokio::time::Instant::now();
        let timer = HeadTimer::new(now() + Duration::from_secs(1));
        let later = now() + Duration::from_secs(5);

        timer.sleep_until(later).await;
        let first = start.elapsed().as_secs();
        timer.sleep_until(later).await;

        assert_eq!((first, start.elapsed().as_secs()), (1, 5));
    }
}
