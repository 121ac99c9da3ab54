use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts how many of something each key has now, and how many there are in all.
///
/// It remembers only keys that have some, so its memory is bounded by what it counts.
#[derive(Debug)]
pub(super) struct Gauge<K>(Mutex<State<K>>);

#[derive(Debug)]
struct State<K> {
    of_each: HashMap<K, u32>,
    all: usize,
}

impl<K: Clone + Eq + Hash> Gauge<K> {
    /// Gives `key` one more, unless it has `max` already; a `max` of 0 is no bound.
    pub(super) fn take(self: &Arc<Self>, key: K, max: u32) -> Option<Place<K>> {
        self.add(key.clone(), max).then(|| Place { gauge: self.clone(), key })
    }

    /// The same, if [`Self::remove`] is called for it.
    pub(super) fn add(&self, key: K, max: u32) -> bool {
        let mut state = self.lock();
        let count = state.of_each.entry(key).or_default();
        if max != 0 && max <= *count {
            return false;
        }
        *count += 1;
        state.all += 1;
        true
    }

    /// Whether [`Self::take`] would succeed.
    pub(super) fn has_room<Q>(&self, key: &Q, max: u32) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        max == 0 || self.lock().of_each.get(key).is_none_or(|count| *count < max)
    }

    /// How many there are in all.
    pub(super) fn all(&self) -> usize {
        self.lock().all
    }
}

impl<K: Eq + Hash> Gauge<K> {
    /// Takes one from `key`, which has some.
    pub(super) fn remove(&self, key: &K) {
        let mut state = self.lock();
        state.all -= 1;
        if let Some(count) = state.of_each.get_mut(key) {
            *count -= 1;
            if *count == 0 {
                state.of_each.remove(key);
            }
        }
    }
}

impl<K> Gauge<K> {
    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Default for Gauge<K> {
    fn default() -> Self {
        Self(Mutex::new(State { of_each: HashMap::new(), all: 0 }))
    }
}

/// One that is counted, until it is dropped.
#[derive(Debug)]
pub(super) struct Place<K: Eq + Hash> {
    gauge: Arc<Gauge<K>>,
    key: K,
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        self.gauge.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn who_has_none_is_not_remembered() {
        let gauge = Arc::new(Gauge::default());
        let places: Vec<_> = (0..100).map(|key| gauge.take(key % 10, 0).unwrap()).collect();
        assert_eq!((gauge.all(), gauge.lock().of_each.len()), (100, 10));

        drop(places);

        assert_eq!((gauge.all(), gauge.lock().of_each.len()), (0, 0));
    }

    #[test]
    fn threads_that_race_never_have_more_than_there_may_be() {
        let gauge = Arc::new(Gauge::default());

        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..20_000 {
                        let places: Vec<_> =
                            (0..4).filter_map(|_| gauge.take(round % 2, 5)).collect();
                        let state = gauge.lock();
                        assert!(state.of_each.values().all(|count| (1..=5).contains(count)));
                        assert_eq!(state.all, state.of_each.values().sum::<u32>() as usize);
                        drop(state);
                        drop(places);
                    }
                });
            }
        });

        assert_eq!((gauge.all(), gauge.lock().of_each.len()), (0, 0));
    }
}
