use std::collections::HashMap;

use super::{
    cell::Cell,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use crate::access::{Grant, Revocation, Revoked};

/// The listeners that came with a grant, by what it can be revoked by.
#[derive(Debug, Default)]
pub(super) struct Granted(Mutex<HashMap<Revoked, Holders>>);

/// By the serial number of their channel and their key in it.
type Holders = HashMap<(u64, usize), (Arc<Cell>, Grant)>;

impl Granted {
    /// Adds the listener `key` of `cell`.
    pub(super) fn add(&self, cell: &Arc<Cell>, key: usize, grant: &Grant) {
        let mut holders = self.lock();
        for by in Revoked::all_of(grant) {
            let holder = (cell.clone(), grant.clone());
            holders.entry(by).or_default().insert((cell.serial(), key), holder);
        }
    }

    /// Removes it, before its key can be that of another one.
    pub(super) fn remove(&self, cell: &Cell, key: usize, grant: &Grant) {
        let mut holders = self.lock();
        for by in Revoked::all_of(grant) {
            if let Some(listeners) = holders.get_mut(&by) {
                // The listener itself keeps the channel.
                listeners.remove(&(cell.serial(), key));
                if listeners.is_empty() {
                    holders.remove(&by);
                }
            }
        }
    }

    /// Those that `revocation` is for: channel, key and grant.
    pub(super) fn find(&self, revocation: &Revocation) -> Vec<(Arc<Cell>, usize, Grant)> {
        let holders = self.lock();
        let listeners = holders.get(&revocation.of).into_iter().flatten();
        listeners.map(|(&(_, key), (cell, grant))| (cell.clone(), key, grant.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Revoked, Holders>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
