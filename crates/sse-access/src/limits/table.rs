use std::{
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
    time::Instant,
};

use super::address::Address;

/// What is remembered of addresses, of a bounded number of them.
///
/// The table consists of sets of 16 entries. Each address belongs to one set, which a keyed hash chooses. So no call
/// looks at more than 16 entries, memory is bounded from the beginning, and threads seldom wait for each other.
///
/// When a set takes a new address, entries that say nothing any more are dropped. If the set is still full, the entry
/// with the least weight is dropped, and its address starts anew: nobody is refused because many others are
/// active. To get its own entry dropped, an attacker has to find 16 addresses of the same set that weigh more.
#[derive(Debug)]
pub(super) struct Table<S> {
    sets: Box<[Mutex<Vec<Entry<S>>>]>,
    hasher: RandomState,
}

/// What is remembered of one address.
pub(super) trait Slot {
    /// When a set is full, the entry with the least weight is dropped.
    type Weight: Ord;

    /// The slot of an address of which nothing is known.
    fn new(now: Instant) -> Self;

    /// Whether it says no more than a new one.
    fn is_spare(&self, now: Instant) -> bool;

    fn weight(&self) -> Self::Weight;
}

#[derive(Debug)]
struct Entry<S> {
    address: Address,
    slot: S,
}

impl<S: Slot> Table<S> {
    pub(super) fn new() -> Self {
        Self { sets: (0..SETS).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }

    /// Changes what is known of `address`, if anything is.
    pub(super) fn change<R>(
        &self,
        address: Address,
        change: impl FnOnce(&mut S) -> R,
    ) -> Option<R> {
        let mut set = self.set(address).lock().unwrap_or_else(PoisonError::into_inner);
        set.iter_mut().find(|entry| entry.address == address).map(|entry| change(&mut entry.slot))
    }

    /// Changes what is known of `address`, or a new slot if nothing is known.
    pub(super) fn update<R>(
        &self,
        address: Address,
        now: Instant,
        update: impl FnOnce(&mut S) -> R,
    ) -> R {
        let mut set = self.set(address).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = set.iter_mut().find(|entry| entry.address == address) {
            return update(&mut entry.slot);
        }
        set.retain(|entry| !entry.slot.is_spare(now));
        if set.len() == WAYS {
            let weights = set.iter().map(|entry| entry.slot.weight()).enumerate();
            let least = weights.min_by(|(_, one), (_, other)| one.cmp(other));
            set.swap_remove(least.expect("a full set is not empty").0);
        }
        set.push(Entry { address, slot: S::new(now) });
        update(&mut set.last_mut().expect("it was pushed").slot)
    }

    fn set(&self, address: Address) -> &Mutex<Vec<Entry<S>>> {
        &self.sets[self.hasher.hash_one(address) as usize % SETS]
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.sets.iter().map(|set| set.lock().unwrap().len()).sum()
    }
}

/// For 65,536 addresses in all: 2 to 3 MB, once all of them are used.
const SETS: usize = 4096;
const WAYS: usize = 16;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A weight, and when it is spare.
    struct Stone {
        weight: u32,
        until: Instant,
    }

    impl Slot for Stone {
        type Weight = u32;

        fn new(now: Instant) -> Self {
            Self { weight: 0, until: now }
        }

        fn is_spare(&self, now: Instant) -> bool {
            self.until <= now
        }

        fn weight(&self) -> u32 {
            self.weight
        }
    }

    impl Table<Stone> {
        fn put(&self, address: u64, weight: u32, now: Instant) {
            self.update(Address::V6(address), now, |stone| {
                *stone = Stone { weight, until: now + Duration::from_secs(1) };
            });
        }

        fn has(&self, address: u64) -> bool {
            self.change(Address::V6(address), |_| ()).is_some()
        }
    }

    #[test]
    fn whatever_addresses_come_it_holds_so_many() {
        let (table, now) = (Table::new(), Instant::now());

        for address in 0..200_000 {
            table.put(address, 1, now);
        }

        assert!(table.len() <= SETS * WAYS, "{}", table.len());
        assert!(table.len() > SETS * WAYS * 9 / 10, "{}", table.len());
    }

    #[test]
    fn those_that_say_the_least_give_way_to_newcomers() {
        let (table, now) = (Table::new(), Instant::now());
        table.put(0, 2, now);

        for address in 1..200_000 {
            table.put(address, 1, now);
        }

        assert!(table.has(0));
    }

    #[test]
    fn those_that_say_nothing_give_way_first_however_heavy() {
        let (table, now) = (Table::new(), Instant::now());
        for address in 0..100_000 {
            table.put(address, 7, now);
        }
        let later = now + Duration::from_secs(1);

        for address in 100_000..110_000 {
            table.put(address, 1, later);
        }

        // A set that is full of heavy ones would have kept one newcomer.
        let kept = (100_000..110_000).filter(|address| table.has(*address)).count();
        assert!(kept > 9_900, "{kept}");
    }
}
