use std::collections::HashMap;

use super::{
    cell::Cell,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use crate::access::{Grant, Revocation, Revoked};

/// The listeners that came with a grant, by the subject and the ID of the grant.
#[derive(Debug, Default)]
pub(super) struct Granted(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    holders: HashMap<Revoked, Holders>,
    listeners: usize,
}

/// By the serial number of their channel and their key in it.
type Holders = HashMap<(u64, usize), (Arc<Cell>, Grant)>;

impl Granted {
    /// Adds the listener `key` of `cell`.
    pub(super) fn add(&self, cell: &Arc<Cell>, key: usize, grant: &Grant) {
        let mut index = self.lock();
        let mut is_new = false;
        for by in Revoked::all_of(grant) {
            let holder = (cell.clone(), grant.clone());
            index.holders.entry(by).or_default().insert((cell.serial(), key), holder);
            is_new = true;
        }
        index.listeners += usize::from(is_new);
    }

    /// Removes the listener `key` of `cell`, before its key is used again.
    pub(super) fn remove(&self, cell: &Cell, key: usize, grant: &Grant) {
        let mut index = self.lock();
        let mut was_there = false;
        for by in Revoked::all_of(grant) {
            if let Some(listeners) = index.holders.get_mut(&by) {
                // This drops no channel: the listener still holds it.
                was_there |= listeners.remove(&(cell.serial(), key)).is_some();
                if listeners.is_empty() {
                    index.holders.remove(&by);
                }
            }
        }
        index.listeners -= usize::from(was_there);
    }

    /// Those whose grants `revocation` matches: channel, key and grant.
    pub(super) fn find(&self, revocation: &Revocation) -> Vec<(Arc<Cell>, usize, Grant)> {
        let index = self.lock();
        let listeners = index.holders.get(&revocation.of).into_iter().flatten();
        listeners.map(|(&(_, key), (cell, grant))| (cell.clone(), key, grant.clone())).collect()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lock().listeners
    }

    /// The same, counted one by one.
    pub(super) fn recount(&self) -> usize {
        let index = self.lock();
        let mut listeners: Vec<_> = index.holders.values().flat_map(HashMap::keys).collect();
        listeners.sort_unstable();
        listeners.dedup();
        listeners.len()
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Hub, HubConfig, StringFormat, Token, access::Permissions, history::Start};

    #[test]
    fn no_name_is_kept_once_nobody_has_it() {
        let hub = Hub::new(HubConfig::new(StringFormat));
        let (start, now) = (Start::default(), crate::testing::epoch());
        let listeners: Vec<_> = (0..10)
            .map(|n| {
                let name = n.to_string();
                let grant = Grant::new(Permissions::all()).with_subject("alice").with_id(&name);
                let token = Token::new(&name).unwrap();
                hub.subscribe_granted(&token, &start, Some(&grant), now).unwrap()
            })
            .collect();
        let names = || hub.shared.granted.lock().holders.len();
        assert_eq!(names(), 11);

        drop(listeners);

        assert_eq!(names(), 0);
    }
}
