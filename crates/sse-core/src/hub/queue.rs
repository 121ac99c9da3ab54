use std::collections::BTreeMap;

use super::{
    cell::Cell,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// Channels in the order of something that changes all the time, such as what they hold.
///
/// A channel is listed under what it was once, and looked at when its turn comes: then it may be listed
/// again under what it is now. So nothing has to be done here each time that it changes.
#[derive(Debug)]
pub(super) struct Queue<K>(Mutex<BTreeMap<(K, u64), Weak<Cell>>>);

impl<K: Copy + Ord> Queue<K> {
    pub(super) fn put(&self, key: K, cell: &Arc<Cell>) {
        self.lock().insert((key, cell.serial()), Arc::downgrade(cell));
    }

    pub(super) fn remove(&self, key: K, serial: u64) {
        let removed = self.lock().remove(&(key, serial));
        drop(removed);
    }

    /// Takes the first channel out.
    pub(super) fn pop_first(&self) -> Option<(K, Arc<Cell>)> {
        self.pop_if(|_| true)
    }

    /// Takes the first channel out, if `is_meant` says so of its key.
    pub(super) fn pop_if(&self, is_meant: impl Fn(K) -> bool) -> Option<(K, Arc<Cell>)> {
        loop {
            let mut queue = self.lock();
            let first = queue.first_entry().filter(|first| is_meant(first.key().0))?;
            let ((key, _), cell) = first.remove_entry();
            drop(queue);
            if let Some(cell) = cell.upgrade() {
                return Some((key, cell));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(K, u64), Weak<Cell>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Default for Queue<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
