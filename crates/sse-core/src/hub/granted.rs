use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    hash::{Hash, Hasher},
};

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

/// Those with the same subject or ID. Most often that is one.
#[derive(Debug)]
#[expect(
    clippy::box_collection,
    reason = "there may be very many, and a set is three times as large"
)]
enum Holders {
    One(Holder),
    Many(Box<HashSet<Holder>>),
}

/// A listener of a channel, by the serial number of the channel and its key in it.
#[derive(Clone, Debug)]
struct Holder {
    cell: Arc<Cell>,
    key: usize,
}

impl Granted {
    /// Adds the listener `key` of `cell`.
    pub(super) fn add(&self, cell: &Arc<Cell>, key: usize, grant: &Grant) {
        let mut index = self.lock();
        let mut is_new = false;
        for by in Revoked::all_of(grant) {
            let holder = Holder { cell: cell.clone(), key };
            match index.holders.entry(by) {
                Entry::Occupied(mut holders) => holders.get_mut().add(holder),
                Entry::Vacant(none) => {
                    none.insert(Holders::One(holder));
                }
            }
            is_new = true;
        }
        index.listeners += usize::from(is_new);
    }

    /// Removes the listener `key` of `cell`, before its key is used again.
    pub(super) fn remove(&self, cell: &Arc<Cell>, key: usize, grant: &Grant) {
        let holder = Holder { cell: cell.clone(), key };
        let mut index = self.lock();
        let mut was_there = false;
        for by in Revoked::all_of(grant) {
            let Entry::Occupied(mut holders) = index.holders.entry(by) else { continue };
            // This drops no channel: the listener still holds it.
            match holders.get_mut() {
                Holders::One(only) if *only == holder => {
                    holders.remove();
                    was_there = true;
                }
                Holders::One(_) => (),
                Holders::Many(all) => {
                    was_there |= all.remove(&holder);
                    if all.is_empty() {
                        holders.remove();
                    }
                }
            }
        }
        index.listeners -= usize::from(was_there);
    }

    /// Those whose grants `revocation` matches: channel and key.
    pub(super) fn find(&self, revocation: &Revocation) -> Vec<(Arc<Cell>, usize)> {
        let index = self.lock();
        let listeners = index.holders.get(&revocation.of).into_iter().flat_map(Holders::iter);
        listeners.map(|holder| (holder.cell.clone(), holder.key)).collect()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lock().listeners
    }

    /// The same, counted one by one.
    pub(super) fn recount(&self) -> usize {
        let index = self.lock();
        index.holders.values().flat_map(Holders::iter).collect::<HashSet<_>>().len()
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holders {
    fn add(&mut self, holder: Holder) {
        match self {
            Self::One(first) => {
                *self = Self::Many(Box::new(HashSet::from([first.clone(), holder])));
            }
            Self::Many(all) => {
                all.insert(holder);
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Holder> {
        let (one, many) = match self {
            Self::One(holder) => (Some(holder), None),
            Self::Many(holders) => (None, Some(holders.iter())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

impl Holder {
    fn id(&self) -> (u64, usize) {
        (self.cell.serial(), self.key)
    }
}

impl Hash for Holder {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl PartialEq for Holder {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Holder {}

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
