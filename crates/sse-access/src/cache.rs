use std::{
    borrow::Borrow,
    fmt,
    hash::Hash,
    time::{Duration, Instant},
};

use quick_cache::sync::Cache;
use sse_core::access::{Denied, Grant, Revocation};

use crate::clock::Clock;

/// The verdicts on credentials, grants and refusals, each for a time.
///
/// It is bounded: when it is full, verdicts that are seldom used are dropped. A verdict ends when its time is over
/// by either clock.
pub(crate) struct VerdictCache<K>(Cache<K, Entry>);

impl<K: Eq + Hash> VerdictCache<K> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    /// The verdict on `key`, if it is kept and has not ended.
    pub(crate) fn find<Q>(&self, key: &Q, now: Instant) -> Option<KnownVerdict>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let entry = self.0.get(key)?;
        if entry.until <= now || entry.until_unix <= Clock::at(now).unix() {
            self.0.remove(key);
            return None;
        }
        Some(entry.verdict)
    }

    /// Keeps a verdict until `until`, or the end of its grant if that is sooner.
    pub(crate) fn insert(&self, key: K, verdict: KnownVerdict, until: Instant, now: Instant) {
        let end = verdict.as_ref().ok().and_then(|grant| grant.end());
        let until = end.map_or(until, |end| end.min(until));
        let until_unix = Clock::at(now).unix_of(until);
        self.0.insert(key, Entry { verdict, until, until_unix });
    }

    /// Forgets the grants that `revocation` matches.
    pub(crate) fn forget(&self, revocation: &Revocation) {
        self.0.retain(|_, entry| {
            !entry.verdict.as_ref().is_ok_and(|grant| revocation.matches(grant))
        });
    }
}

/// Shows no key.
impl<K> fmt::Debug for VerdictCache<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerdictCache(..)")
    }
}

/// How many verdicts are kept unless said otherwise.
pub(crate) const DEFAULT_CAPACITY: usize = 10_000;

/// What an authenticator says about a credential.
pub(crate) type KnownVerdict = Result<Grant, Denied>;

#[derive(Clone, Debug)]
struct Entry {
    verdict: KnownVerdict,
    until: Instant,
    /// The same moment on the wall clock, which may be set meanwhile.
    until_unix: Duration,
}

#[cfg(test)]
mod tests {
    use sse_core::access::Permissions;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn grant(subject: &str) -> Grant {
        Grant::new(Permissions::all()).with_subject(subject)
    }

    #[test]
    fn a_verdict_is_kept_until_its_time_or_its_grant_ends() {
        let (cache, now) = (VerdictCache::new(10), Instant::now());
        let brief = grant("a").with_end(now + MINUTE);
        cache.insert("grant", Ok(brief.clone()), now + 2 * MINUTE, now);
        cache.insert("refusal", Err(Denied::Unauthorized), now + MINUTE, now);

        let just_before = now + MINUTE - Duration::from_millis(1);
        assert_eq!(cache.find("grant", just_before), Some(Ok(brief)));
        assert_eq!(cache.find("refusal", just_before), Some(Err(Denied::Unauthorized)));
        for name in ["grant", "refusal", "unknown"] {
            assert_eq!(cache.find(name, now + MINUTE), None, "{name}");
        }
        assert_eq!(cache.find("grant", now), None, "what has ended is forgotten");
    }

    #[test]
    fn a_verdict_ends_by_the_clock_of_the_wall_too() {
        let (cache, now) = (VerdictCache::new(10), Instant::now());
        let key = "a";
        cache.insert(key, Ok(grant("a")), now + MINUTE, now);
        // As if the clock had been set forward by two minutes meanwhile.
        let entry = cache.0.get(key).unwrap();
        let until_unix = entry.until_unix - 2 * MINUTE;
        cache.0.insert(key, Entry { until_unix, ..entry });

        assert_eq!(cache.find(key, now), None);
    }

    #[test]
    fn what_is_revoked_is_forgotten_and_nothing_else() {
        let (cache, now) = (VerdictCache::new(10), Instant::now());
        let keys = ["alice", "bob", "refused"];
        let verdicts = [Ok(grant("alice")), Ok(grant("bob")), Err(Denied::Unauthorized)];
        for (key, verdict) in keys.into_iter().zip(verdicts) {
            cache.insert(key, verdict, now + MINUTE, now);
        }

        cache.forget(&Revocation::subject("alice"));

        let known = keys.map(|key| cache.find(key, now).is_some());
        assert_eq!(known, [false, true, true]);
    }

    #[test]
    fn it_is_bounded() {
        let (cache, now) = (VerdictCache::new(100), Instant::now());
        for number in 0..10_000_u32 {
            cache.insert(number, Err(Denied::Unauthorized), now + MINUTE, now);
        }
        assert!(cache.0.len() <= 100, "{}", cache.0.len());
    }
}
