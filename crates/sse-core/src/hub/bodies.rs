use std::collections::{HashMap, hash_map::Entry};

use super::{
    gauge::Gauge,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use crate::gateway::RemoteAddr;

/// The bodies that are arriving, counted as they come: all of them, and those of each connection.
#[derive(Debug)]
pub(crate) struct Bodies {
    held: Gauge,
    connections: Mutex<HashMap<RemoteAddr, usize>>,
}

impl Bodies {
    /// The part of one body, of which nothing has come, and which may grow within `bounds`. Bodies of a connection
    /// that nobody knows count together with all others only.
    pub(crate) fn begin(
        self: &Arc<Self>,
        connection: Option<RemoteAddr>,
        bounds: BodyBounds,
    ) -> BodyPart {
        BodyPart { bodies: self.clone(), connection, bounds, len: 0 }
    }

    fn try_add(&self, connection: Option<RemoteAddr>, bounds: BodyBounds, more: usize) -> bool {
        if more == 0 {
            return true;
        }
        if !self.held.try_add_below(bounds.max, more) {
            return false;
        }
        let Some(connection) = connection else {
            return true;
        };
        let mut connections = self.lock();
        let held = connections.entry(connection).or_default();
        // Others of the connection may have come within a higher bound.
        let fits = more <= bounds.share.saturating_sub(*held);
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

impl Default for Bodies {
    fn default() -> Self {
        Self { held: Gauge::new(usize::MAX), connections: Mutex::default() }
    }
}

/// What all bodies may take that are arriving, and those of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyBounds {
    max: usize,
    share: usize,
}

impl BodyBounds {
    /// `max` bytes in all, and an eighth of it a connection, but as much as one body of `longest` in any case.
    pub(crate) fn new(max: usize, longest: usize) -> Self {
        Self { max: max.max(longest), share: (max / SHARES).max(longest) }
    }
}

/// What has come of one body. Dropping it makes room.
#[derive(Debug)]
pub(crate) struct BodyPart {
    bodies: Arc<Bodies>,
    connection: Option<RemoteAddr>,
    bounds: BodyBounds,
    len: usize,
}

impl BodyPart {
    /// Counts `more` bytes that have come, unless there is no room for them.
    pub(crate) fn try_grow(&mut self, more: usize) -> bool {
        let fits = self.bodies.try_add(self.connection, self.bounds, more);
        self.len += if fits { more } else { 0 };
        fits
    }

    /// How much all bodies may take, in bytes.
    pub(crate) fn max(&self) -> usize {
        self.bounds.max
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

    const BOUNDS: BodyBounds = BodyBounds { max: 800, share: 100 };

    fn connection(port: u16) -> Option<RemoteAddr> {
        Some(RemoteAddr::from(([127, 0, 0, 1], port)))
    }

    #[test]
    fn one_connection_takes_an_eighth_and_all_take_all() {
        let bodies = Arc::new(Bodies::default());
        let mut parts: Vec<_> = (0..8).map(|port| bodies.begin(connection(port), BOUNDS)).collect();
        for part in &mut parts {
            assert!(part.try_grow(60) && part.try_grow(40));
            assert!(!part.try_grow(1), "its share is taken");
        }
        let mut unknown = bodies.begin(None, BOUNDS);
        assert!(!unknown.try_grow(1), "all is taken");

        drop(parts.pop());

        assert!(unknown.try_grow(100));
        assert!(!bodies.begin(connection(9), BOUNDS).try_grow(1));
    }

    #[test]
    fn what_was_refused_or_has_gone_is_not_counted() {
        let bodies = Arc::new(Bodies::default());
        for _ in 0..100 {
            let mut part = bodies.begin(connection(1), BOUNDS);
            assert!(part.try_grow(100) && !part.try_grow(100));
        }

        assert_eq!(bodies.held.get(), 0);
        assert!(bodies.lock().is_empty());
    }

    #[test]
    fn a_body_of_the_greatest_length_fits_whatever_the_budget() {
        let (bodies, bounds) = (Arc::new(Bodies::default()), BodyBounds::new(0, 1_000));

        assert!(bodies.begin(connection(1), bounds).try_grow(1_000));
        assert!(bodies.begin(None, bounds).try_grow(1_000));
        assert!(!bodies.begin(None, bounds).try_grow(1_001));
    }

    #[test]
    fn a_lower_bound_is_for_bodies_that_begin_under_it() {
        let (bodies, lower) = (Arc::new(Bodies::default()), BodyBounds::new(80, 10));
        let mut earlier = bodies.begin(connection(1), BOUNDS);
        assert!(earlier.try_grow(60));

        let mut later = bodies.begin(connection(1), lower);

        assert!(!later.try_grow(1), "its connection has more already");
        assert!(earlier.try_grow(40));
        assert!(!bodies.begin(None, lower).try_grow(1), "all have more already");
        drop(earlier);
        assert!(later.try_grow(10) && !later.try_grow(1));
    }
}
