use std::{collections::HashMap, task::Waker, time::Instant};

use super::{
    ChannelInfo, HubEvent, Observed, Watcher,
    mailbox::Mailbox,
    sync::{Arc, AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering, PoisonError, Weak},
};
use crate::{Token, wire::Frame};

/// Who watches a hub, and who observes one of its channels.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    watchers: AtomicUsize,
    observers: AtomicUsize,
    /// Whether there is something that they were not woken for.
    has_news: AtomicBool,
    mailboxes: Mutex<Mailboxes>,
}

#[derive(Debug, Default)]
struct Mailboxes {
    of_watchers: Vec<Weak<Mailbox<HubEvent>>>,
    of_observers: HashMap<Token, Vec<Arc<Mailbox<Observed>>>>,
}

impl Watchers {
    /// Adds a watcher, and then asks which `channels` there are.
    pub(super) fn add(&self, channels: impl FnOnce() -> Vec<ChannelInfo>) -> Watcher {
        let mailbox = Arc::new(Mailbox::new(Watcher::MAX_EVENTS));
        let mut mailboxes = self.lock();
        mailboxes.of_watchers.retain(|mailbox| 0 < mailbox.strong_count());
        mailboxes.of_watchers.push(Arc::downgrade(&mailbox));
        self.watchers.store(mailboxes.of_watchers.len(), Ordering::Release);
        drop(mailboxes);
        Watcher::new(mailbox, channels())
    }

    /// Puts into `mailbox` what happens on the channel `token` from now on.
    pub(super) fn add_observer(&self, token: &Token, mailbox: &Arc<Mailbox<Observed>>) {
        let mut mailboxes = self.lock();
        mailboxes.of_observers.entry(token.clone()).or_default().push(mailbox.clone());
        self.observers.fetch_add(1, Ordering::Release);
    }

    /// Nobody reads `mailbox` any more.
    pub(super) fn remove_observer(&self, token: &Token, mailbox: &Arc<Mailbox<Observed>>) {
        let mut mailboxes = self.lock();
        let Some(observers) = mailboxes.of_observers.get_mut(token) else {
            return;
        };
        let before = observers.len();
        observers.retain(|known| !Arc::ptr_eq(known, mailbox));
        self.observers.fetch_sub(before - observers.len(), Ordering::Release);
        if observers.is_empty() {
            mailboxes.of_observers.remove(token);
        }
    }

    /// Who observes the channel `token`, as long as its lock is held.
    #[inline]
    pub(super) fn observers_of(&self, token: &Token) -> Observers<'_> {
        let mailboxes = if self.observers.load(Ordering::Acquire) == 0 {
            Vec::new()
        } else {
            self.lock().of_observers.get(token).cloned().unwrap_or_default()
        };
        Observers { mailboxes, has_news: &self.has_news }
    }

    /// Tells what has happened; safe under the lock of a channel, since nobody is woken.
    pub(super) fn emit(&self, event: impl FnOnce() -> HubEvent) {
        let is_watched = 0 < self.watchers.load(Ordering::Acquire);
        if !is_watched && self.observers.load(Ordering::Acquire) == 0 {
            return;
        }
        let event = event();
        if let HubEvent::Closed { token } = &event {
            self.observers_of(token).tell(&Observed::Closed);
        }
        if is_watched {
            for mailbox in self.lock().of_watchers.iter().filter_map(Weak::upgrade) {
                mailbox.push(event.clone(), 1);
            }
            // Behind it: who takes the flag meanwhile does not see the event.
            self.has_news.store(true, Ordering::Release);
        }
    }

    /// Wakes those that have something to read; not to be called under a lock.
    pub(super) fn wake(&self) {
        if !self.has_news.load(Ordering::Acquire) || !self.has_news.swap(false, Ordering::AcqRel) {
            return;
        }
        let ready = self.lock().ready();
        ready.into_iter().for_each(Waker::wake);
    }

    /// Tells them all that there will be nothing more.
    fn end(&self) {
        let waiting = self.lock().end();
        waiting.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Mailboxes> {
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watchers {
    fn drop(&mut self) {
        self.end();
    }
}

impl Mailboxes {
    /// The wakers of those who wait and have something to read.
    fn ready(&self) -> Vec<Waker> {
        let watchers = self.of_watchers.iter().filter_map(Weak::upgrade);
        let watchers = watchers.filter_map(|mailbox| mailbox.ready_waker());
        let observers = self.of_observers.values().flatten();
        watchers.chain(observers.filter_map(|mailbox| mailbox.ready_waker())).collect()
    }

    /// Ends them all; returns the wakers of those who wait.
    fn end(&self) -> Vec<Waker> {
        let watchers = self.of_watchers.iter().filter_map(Weak::upgrade);
        let watchers = watchers.filter_map(|mailbox| mailbox.end());
        let observers = self.of_observers.values().flatten();
        watchers.chain(observers.filter_map(|mailbox| mailbox.end())).collect()
    }
}

/// Who observes one channel.
pub(super) struct Observers<'a> {
    mailboxes: Vec<Arc<Mailbox<Observed>>>,
    has_news: &'a AtomicBool,
}

impl Observers<'_> {
    /// Tells them `observed`; nobody is woken yet.
    pub(super) fn tell(&self, observed: &Observed) {
        if self.mailboxes.is_empty() {
            return;
        }
        for mailbox in &self.mailboxes {
            mailbox.push(observed.clone(), observed.cost());
        }
        self.has_news.store(true, Ordering::Release);
    }

    /// Shows them an event.
    #[inline]
    pub(super) fn show(&self, number: u64, frame: &Frame, at: Instant) {
        if !self.mailboxes.is_empty() {
            self.tell(&Observed::Event { number, at, frame: frame.clone() });
        }
    }
}
