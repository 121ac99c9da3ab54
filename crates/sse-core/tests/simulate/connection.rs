use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
    time::Instant,
};

use sse_core::{channel::Output, hub::Subscriber};

use crate::{client::Client, socket::Socket};

/// A listener under test, and the client at its other end.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) link: Link,
    pub(crate) client: Client,
    /// Whether it hardly ever reads.
    pub(crate) is_slow: bool,
    pub(crate) is_over: bool,
}

/// How what is for a listener is asked for.
#[derive(Debug)]
pub(crate) enum Link {
    /// By itself.
    Polled(Polled),
    /// An engine drives it.
    Driven(Socket),
}

#[derive(Debug)]
pub(crate) struct Polled {
    subscriber: Subscriber,
    sleep: Sleep,
}

impl Connection {
    pub(crate) fn socket(&mut self) -> &mut Socket {
        match &mut self.link {
            Link::Driven(socket) => socket,
            Link::Polled(_) => panic!("nobody drives it"),
        }
    }

    /// The engine has tried to write to it, if there was something to write.
    pub(crate) fn forget_retried(&mut self) {
        if let Link::Driven(socket) = &mut self.link {
            socket.retried = None;
        }
    }

    /// The engine that drives it, if one does.
    pub(crate) fn engine(&self) -> Option<usize> {
        match &self.link {
            Link::Driven(socket) => Some(socket.engine),
            Link::Polled(_) => None,
        }
    }
}

impl Polled {
    pub(crate) fn new(subscriber: Subscriber) -> Self {
        Self { subscriber, sleep: Sleep::default() }
    }

    pub(crate) fn poll(&mut self, now: Instant) -> Output {
        let output = self.subscriber.poll_output(&self.sleep.waker(), now);
        self.sleep.note(matches!(output, Output::Wait { .. }));
        output
    }

    pub(crate) fn sleep(&mut self) -> &mut Sleep {
        &mut self.sleep
    }
}

/// Who waits is woken when there is something for it.
#[derive(Debug, Default)]
pub(crate) struct Sleep {
    woken: Arc<Woken>,
    /// How often it had been woken when it went idle.
    since: Option<usize>,
}

impl Sleep {
    pub(crate) fn waker(&self) -> Waker {
        Waker::from(self.woken.clone())
    }

    pub(crate) fn note(&mut self, is_idle: bool) {
        self.since = is_idle.then(|| self.woken.count());
    }

    /// There is something for it: if it was idle, it was woken. Returns whether it was.
    pub(crate) fn assert_woken(&mut self) -> bool {
        let Some(count) = self.since.take() else {
            return false;
        };
        assert!(count < self.woken.count(), "it is idle and was not woken");
        true
    }

    /// It has nothing to be woken for yet.
    pub(crate) fn excuse(&mut self) {
        self.since = None;
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
