use std::{
    collections::VecDeque,
    mem,
    task::{Poll, Waker},
};

use super::{
    ChannelInfo,
    sync::{Arc, AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering, PoisonError, Weak},
};
use crate::{Token, history::Gap};

/// What happens in a hub.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum HubEvent {
    /// A channel began to exist.
    Opened {
        /// Its name.
        token: Token,
    },
    /// A channel ended: by the finish action, by shutdown, or with nobody there and nothing to
    /// remember.
    Closed {
        /// Its name.
        token: Token,
    },
    /// A channel has a listener again.
    FirstListener {
        /// Its name.
        token: Token,
        /// How many it has now.
        listeners: usize,
    },
    /// Nobody listens on a channel any more.
    LastListener {
        /// Its name.
        token: Token,
        /// How many it has now.
        listeners: usize,
    },
    /// A listener came back and may have missed events.
    Gap {
        /// The channel.
        token: Token,
        /// What it was told.
        gap: Gap,
    },
    /// Listeners fell out of a log.
    Overrun {
        /// The channel.
        token: Token,
        /// How many they were.
        listeners: usize,
    },
    /// The watcher was too slow, and this many events were left out here.
    Missed {
        /// How many.
        events: u64,
    },
}

/// What happens in a hub from now on, in order, and the channels that there were before; see
/// [`Hub::watch`](crate::Hub::watch).
///
/// Up to 4,096 events wait to be read; those that come then are counted and left out.
///
/// ```
/// # use std::{task::{Poll, Waker}, time::Instant};
/// # use sse_core::{Hub, HubConfig, StringFormat, Token, hub::HubEvent};
/// # let (hub, now) = (Hub::new(HubConfig::new(StringFormat)), Instant::now());
/// let mut watcher = hub.watch();
/// assert!(watcher.channels().is_empty());
///
/// let token = Token::new("42")?;
/// let _listener = hub.subscribe(&token, now)?;
/// let opened = HubEvent::Opened { token: token.clone() };
/// assert_eq!(watcher.poll_next(Waker::noop()), Poll::Ready(Some(opened)));
/// let first = HubEvent::FirstListener { token, listeners: 1 };
/// assert_eq!(watcher.poll_next(Waker::noop()), Poll::Ready(Some(first)));
/// assert_eq!(watcher.poll_next(Waker::noop()), Poll::Pending);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Watcher {
    queue: Arc<Queue>,
    channels: Vec<ChannelInfo>,
}

impl Watcher {
    /// The channels that there were when the watch began.
    ///
    /// What happened to one of them at that very moment may be told once more by an event. An event says
    /// what is, not what has changed, so that taking it twice does no harm.
    pub fn channels(&self) -> &[ChannelInfo] {
        &self.channels
    }

    /// The next event; `None` once the hub is gone. While there is none, `waker` is kept and woken when
    /// there is one.
    pub fn poll_next(&mut self, waker: &Waker) -> Poll<Option<HubEvent>> {
        let mut queue = self.queue.lock();
        if let Some(event) = queue.events.pop_front() {
            return Poll::Ready(Some(event));
        }
        if 0 < queue.missed {
            return Poll::Ready(Some(HubEvent::Missed { events: mem::take(&mut queue.missed) }));
        }
        if queue.is_over {
            return Poll::Ready(None);
        }
        let stale = queue.waker.replace(waker.clone());
        drop(queue);
        drop(stale);
        Poll::Pending
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut queue = self.queue.lock();
        queue.is_abandoned = true;
        let waker = queue.waker.take();
        drop(queue);
        drop(waker);
    }
}

/// Who watches a hub.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    len: AtomicUsize,
    /// Whether there is something that they were not woken for.
    has_news: AtomicBool,
    queues: Mutex<Vec<Weak<Queue>>>,
}

impl Watchers {
    /// Adds a watcher, and then asks which `channels` there are.
    pub(super) fn add(&self, channels: impl FnOnce() -> Vec<ChannelInfo>) -> Watcher {
        let queue = Arc::new(Queue(Mutex::new(Waiting::default())));
        let mut queues = self.lock();
        queues.retain(|queue| 0 < queue.strong_count());
        queues.push(Arc::downgrade(&queue));
        self.len.store(queues.len(), Ordering::Release);
        drop(queues);
        Watcher { queue, channels: channels() }
    }

    /// Queues an event; safe under the lock of a channel, since nobody is woken.
    pub(super) fn emit(&self, event: impl FnOnce() -> HubEvent) {
        if self.len.load(Ordering::Acquire) == 0 {
            return;
        }
        let event = event();
        for queue in self.lock().iter().filter_map(Weak::upgrade) {
            queue.push(event.clone());
        }
        // Behind it: who takes the flag meanwhile does not see the event.
        self.has_news.store(true, Ordering::Release);
    }

    /// Wakes the watchers that have something to read; not to be called under a lock.
    pub(super) fn wake(&self) {
        if !self.has_news.load(Ordering::Acquire) || !self.has_news.swap(false, Ordering::AcqRel) {
            return;
        }
        let queues: Vec<_> = self.lock().iter().filter_map(Weak::upgrade).collect();
        for queue in queues {
            let waker = queue.ready_waker();
            waker.into_iter().for_each(Waker::wake);
        }
    }

    /// Tells them all that there will be nothing more.
    fn end(&self) {
        let queues: Vec<_> = self.lock().drain(..).filter_map(|queue| queue.upgrade()).collect();
        for queue in queues {
            let mut waiting = queue.lock();
            waiting.is_over = true;
            let waker = waiting.waker.take();
            drop(waiting);
            waker.into_iter().for_each(Waker::wake);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Queue>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watchers {
    fn drop(&mut self) {
        self.end();
    }
}

#[derive(Debug)]
struct Queue(Mutex<Waiting>);

impl Queue {
    fn push(&self, event: HubEvent) {
        let mut waiting = self.lock();
        if waiting.is_abandoned {
            return;
        }
        if 0 < waiting.missed || waiting.events.len() == CAPACITY {
            waiting.missed += 1;
        } else {
            waiting.events.push_back(event);
        }
    }

    fn ready_waker(&self) -> Option<Waker> {
        let mut waiting = self.lock();
        if waiting.events.is_empty() && waiting.missed == 0 {
            return None;
        }
        waiting.waker.take()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<HubEvent>,
    missed: u64,
    waker: Option<Waker>,
    is_abandoned: bool,
    is_over: bool,
}

const CAPACITY: usize = 4_096;
