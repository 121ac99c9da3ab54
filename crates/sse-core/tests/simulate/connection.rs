use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
    time::Instant,
};

use sse_core::{channel::Output, hub::Subscriber};

use crate::client::Client;

/// A listener under test, and the client at its other end.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) subscriber: Subscriber,
    pub(crate) client: Client,
    /// Whether it hardly ever reads.
    pub(crate) is_slow: bool,
    pub(crate) is_over: bool,
    woken: Arc<Woken>,
    /// How often it had been woken when it went idle.
    idle_since: Option<usize>,
}

impl Connection {
    pub(crate) fn new(subscriber: Subscriber, client: Client, is_slow: bool) -> Self {
        let woken = Arc::default();
        Self { subscriber, client, is_slow, is_over: false, woken, idle_since: None }
    }

    pub(crate) fn poll(&mut self, now: Instant) -> Output {
        let output = self.subscriber.poll_output(&Waker::from(self.woken.clone()), now);
        self.idle_since = matches!(output, Output::Wait { .. }).then(|| self.woken.count());
        output
    }

    /// There is something for it: if it was idle, it was woken.
    pub(crate) fn assert_woken(&mut self) {
        if let Some(count) = self.idle_since.take() {
            assert!(count < self.woken.count(), "an idle listener was not woken");
        }
    }

    /// It has nothing to be woken for yet.
    pub(crate) fn excuse(&mut self) {
        self.idle_since = None;
    }
}

#[derive(Debug, Default)]
struct Woken(AtomicUsize);

impl Woken {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
