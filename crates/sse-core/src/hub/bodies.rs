use std::collections::{HashMap, hash_map::Entry};

use super::{
    gauge::Gauge,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use crate::gateway::RemoteAddr;

/// The bodies that are arriving, counted as they come, against what all of them may take together and
/// those of one connection.
#[derive(Debug)]
pub(crate) struct Bodies {
    held: Gauge,
    share: usize,
    connections: Mutex<HashMap<RemoteAddr, usize>>,
}

impl Bodies {
    /// Bodies that take `max` bytes in all, and an eighth of it a connection, but as much as one body of
    /// `longest` in any case.
    pub(crate) fn new(max: usize, longest: usize) -> Self {
        Self {
            held: Gauge::new(max.max(longest)),
            share: (max / SHARES).max(longest),
            connections: Mutex::default(),
        }
    }

    /// The part of one body, of which nothing has come. Bodies of a connection that nobody knows count
    /// together with all others only.
    pub(crate) fn begin(self: &Arc<Self>, connection: Option<RemoteAddr>) -> BodyPart {
        BodyPart { bodies: self.clone(), connection, len: 0 }
    }

    fn try_add(&self, connection: Option<RemoteAddr>, more: usize) -> bool {
        if more == 0 {
            return true;
        }
        if !self.held.try_add(more) {
            return false;
        }
        let Some(connection) = connection else {
            return true;
        };
        let mut connections = self.lock();
        let held = connections.entry(connection).or_default();
        let fits = more <= self.share - *held;
        if fits {
            *held += more;
        } else {
            self.held.replace(more, 0);
        }
        fits
    }

    fn remove(&self, connection: Option<RemoteAddr>, len: usize) {
        self.held.replace(len, 0);
        if let Some(connection) = connection
            && let Entry::Occupied(mut held) = self.lock().entry(connection)
        {
            *held.get_mut() -= len;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RemoteAddr, usize>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has come of one body. Dropping it makes room.
#[derive(Debug)]
pub(crate) struct BodyPart {
    bodies: Arc<Bodies>,
    connection: Option<RemoteAddr>,
    len: usize,
}

impl BodyPart {
    /// Counts `more` bytes that have come, unless there is no room for them.
    pub(crate) fn try_grow(&mut self, more: usize) -> bool {
        let fits = self.bodies.try_add(self.connection, more);
        self.len += if fits { more } else { 0 };
        fits
    }

    /// How much all bodies may take, in bytes.
    pub(crate) fn max(&self) -> usize {
        self.bodies.held.max()
    }
}

impl Drop for BodyPart {
    fn drop(&mut self) {
        if 0 < self.len {
            self.bodies.remove(self.connection, self.len);
        }
    }
}

/// One connection takes at most one part in so many.
const SHARES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(port: u16) -> Option<RemoteAddr> {
        Some(RemoteAddr::from(([127, 0, 0, 1], port)))
    }

    #[test]
    fn one_connection_takes_an_eighth_and_all_take_all() {
        let bodies = Arc::new(Bodies::new(800, 10));
        let mut parts: Vec<_> = (0..8).map(|port| bodies.begin(connection(port))).collect();
        for part in &mut parts {
            assert!(part.try_grow(60) && part.try_grow(40));
            assert!(!part.try_grow(1), "its share is taken");
        }
        let mut unknown = bodies.begin(None);
        assert!(!unknown.try_grow(1), "all is taken");

        drop(parts.pop());

        assert!(unknown.try_grow(100));
        assert!(!bodies.begin(connection(9)).try_grow(1));
    }

    #[test]
    fn what_was_refused_or_has_gone_is_not_counted() {
        let bodies = Arc::new(Bodies::new(800, 10));
        for _ in 0..100 {
            let mut part = bodies.begin(connection(1));
            assert!(part.try_grow(100) && !part.try_grow(100));
        }

        assert_eq!(bodies.held.get(), 0);
        assert!(bodies.lock().is_empty());
    }

    #[test]
    fn a_body_of_the_greatest_length_fits_whatever_the_budget() {
        let bodies = Arc::new(Bodies::new(0, 1_000));

        assert!(bodies.begin(connection(1)).try_grow(1_000));
        assert!(bodies.begin(None).try_grow(1_000));
        assert!(!bodies.begin(None).try_grow(1_001));
    }
}
