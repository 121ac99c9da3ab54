use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// One of the limits.
///
/// ```
/// use sse_access::limits::Limit;
///
/// assert_eq!(Limit::ListenersPerAddress.to_string(), "listeners of one address");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// Connections in all.
    Connections,
    /// Connections of one address.
    ConnectionsPerAddress,
    /// New connections of one address a second.
    ConnectionRate,
    /// Listeners of one address.
    ListenersPerAddress,
    /// Listeners of one subject.
    ListenersPerSubject,
    /// Publications of one address a second.
    PublishRate,
    /// Failed authentications of one address a minute.
    AuthFailures,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Connections,
        Self::ConnectionsPerAddress,
        Self::ConnectionRate,
        Self::ListenersPerAddress,
        Self::ListenersPerSubject,
        Self::PublishRate,
        Self::AuthFailures,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::ConnectionsPerAddress => "connections of one address",
            Self::ConnectionRate => "new connections of one address a second",
            Self::ListenersPerAddress => "listeners of one address",
            Self::ListenersPerSubject => "listeners of one subject",
            Self::PublishRate => "publications of one address a second",
            Self::AuthFailures => "failed authentications of one address a minute",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is held now, and how often each limit has refused something.
///
/// ```
/// use sse_access::limits::{Limit, Limits};
///
/// let counts = Limits::new().counts();
/// assert_eq!((counts.connections, counts.listeners), (0, 0));
/// assert!(Limit::ALL.iter().all(|limit| counts.refused(*limit) == 0));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections, including those to which no limit applies.
    pub connections: usize,
    /// Listeners that are counted for an address.
    pub listeners: usize,
    pub(super) refused: [u64; LIMITS],
}

impl Counts {
    /// How often `limit` has refused something.
    pub fn refused(&self, limit: Limit) -> u64 {
        self.refused[limit as usize]
    }
}

/// Counts what each limit refuses, and logs it at most once a minute.
#[derive(Debug, Default)]
pub(super) struct Refusals([Refusal; LIMITS]);

#[derive(Debug, Default)]
struct Refusal {
    count: AtomicU64,
    told: Mutex<Told>,
}

/// What was logged last.
#[derive(Debug, Default)]
struct Told {
    at: Option<Instant>,
    count: u64,
}

impl Refusals {
    pub(super) fn add(&self, limit: Limit, now: Instant) {
        let refusal = &self.0[limit as usize];
        refusal.count.fetch_add(1, Ordering::Relaxed);
        if let Some(refused) = refusal.untold(now) {
            tracing::warn!(limit = limit.name(), refused, "a limit is reached");
        }
    }

    pub(super) fn counts(&self) -> [u64; LIMITS] {
        std::array::from_fn(|limit| self.0[limit].count.load(Ordering::Relaxed))
    }
}

impl Refusal {
    /// How many were refused since the last line of the log, if that is a minute ago.
    fn untold(&self, now: Instant) -> Option<u64> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.at.is_some_and(|at| now < at + BETWEEN_LINES) {
            return None;
        }
        let count = self.count.load(Ordering::Relaxed);
        let untold = count - told.count;
        *told = Told { at: Some(now), count };
        // Another thread may have logged this one.
        (untold > 0).then_some(untold)
    }
}

const LIMITS: usize = Limit::ALL.len();

const BETWEEN_LINES: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_has_a_counter_of_its_own() {
        let (refusals, now) = (Refusals::default(), Instant::now());

        for (times, limit) in Limit::ALL.into_iter().enumerate() {
            assert_eq!(limit as usize, times);
            (0..=times).for_each(|_| refusals.add(limit, now));
        }

        assert_eq!(refusals.counts(), [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn the_log_is_told_at_once_and_then_once_a_minute() {
        let (refusal, start) = (Refusal::default(), Instant::now());
        let refuse = |seconds| {
            refusal.count.fetch_add(1, Ordering::Relaxed);
            refusal.untold(start + Duration::from_secs(seconds))
        };

        let told: Vec<_> = [0, 0, 1, 59, 60, 61, 119, 120, 500].map(refuse).into();

        let expected = [Some(1), None, None, None, Some(4), None, None, Some(3), Some(1)];
        assert_eq!(told, expected);
    }
}
