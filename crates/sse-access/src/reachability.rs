use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Whether a server that checks of credentials depend on answers, as the last requests to it saw.
///
/// It asks nothing itself. A clone says the same, for as long as one keeps it: take one from
/// `RemoteKeys`, which need the feature `jwt` too, or from [`Upstream`](crate::Upstream) before an
/// [`Authentication`](crate::Authentication) takes those, and answer those who want to know whether this server is
/// ready.
///
/// ```
/// use std::time::Instant;
/// use sse_access::{Authentication, Endpoint, Upstream};
///
/// let upstream = Upstream::new(Endpoint::new("http://127.0.0.1:9000/check")?);
/// let reachability = upstream.reachability();
/// let authentication = Authentication::new().with_upstream(upstream);
/// # drop(authentication);
///
/// // Nothing has failed yet.
/// assert_eq!(reachability.check(Instant::now()), Ok(()));
/// # Ok::<(), sse_access::EndpointError>(())
/// ```
#[derive(Clone)]
pub struct Reachability(Arc<Known>);

impl Reachability {
    /// For keys, which have to be there once.
    #[cfg(feature = "jwt")]
    pub(crate) fn of_keys(endpoint: &str) -> Self {
        Self::of(endpoint, Rule::Once)
    }

    /// For a server that is asked again and again.
    pub(crate) fn of_answers(endpoint: &str) -> Self {
        Self::of(endpoint, Rule::Lately)
    }

    fn of(endpoint: &str, rule: Rule) -> Self {
        Self(Arc::new(Known { endpoint: endpoint.into(), rule, seen: Mutex::default() }))
    }

    /// An answer of use has come.
    pub(crate) fn succeed(&self) {
        *self.0.seen() = Seen { has_answered: true, failures: 0, last: None };
    }

    /// There was none, for `reason`.
    pub(crate) fn fail(&self, reason: &dyn fmt::Display, now: Instant) {
        let mut seen = self.0.seen();
        seen.failures = seen.failures.saturating_add(1);
        seen.last = Some((now, reason.to_string().into()));
    }

    /// Whether the server answers, as far as is known at `now`.
    ///
    /// # Errors
    ///
    /// [`Unreachable::NoKeys`] until keys have been fetched for the first time; afterwards the last ones stay valid,
    /// whatever happens. [`Unreachable::Failing`] once three questions in a row had no answer, or 5xx, until one is
    /// answered, or none was asked for half a minute: nobody would ask any more where a server that is not ready gets
    /// no requests.
    pub fn check(&self, now: Instant) -> Result<(), Unreachable> {
        let Known { endpoint, rule, .. } = &*self.0;
        let seen = self.0.seen();
        match (rule, &seen.last) {
            (Rule::Once, last) if !seen.has_answered => Err(Unreachable::NoKeys {
                endpoint: endpoint.clone(),
                reason: last.as_ref().map(|(_, reason)| reason.clone()),
            }),
            (Rule::Lately, Some((last, reason)))
                if FAILING <= seen.failures
                    && now.saturating_duration_since(*last) < FORGOTTEN_AFTER =>
            {
                Err(Unreachable::Failing {
                    endpoint: endpoint.clone(),
                    failures: seen.failures,
                    reason: reason.clone(),
                })
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Reachability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reachability").field("endpoint", &self.0.endpoint).finish_non_exhaustive()
    }
}

struct Known {
    /// The URL without its query, which may hold a secret.
    endpoint: Box<str>,
    rule: Rule,
    seen: Mutex<Seen>,
}

impl Known {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a server counts as reachable.
#[derive(Clone, Copy)]
enum Rule {
    #[cfg_attr(not(feature = "jwt"), expect(dead_code, reason = "only keys are fetched once"))]
    Once,
    Lately,
}

#[derive(Default)]
struct Seen {
    /// Whether there ever was an answer of use.
    has_answered: bool,
    /// How many requests in a row had none since.
    failures: u32,
    last: Option<(Instant, Box<str>)>,
}

/// Why a server that checks of credentials depend on counts as not reachable.
///
/// ```
/// use sse_access::Unreachable;
///
/// let endpoint = "http://127.0.0.1:9000/check".into();
/// let failing = Unreachable::Failing { endpoint, failures: 3, reason: "the answer is 502".into() };
/// assert_eq!(
///     failing.to_string(),
///     "http://127.0.0.1:9000/check has failed 3 times in a row: the answer is 502",
/// );
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreachable {
    /// The keys have never been fetched, so no token can be checked.
    #[error("the keys of {endpoint} have not been fetched yet{}", Reason(reason.as_deref()))]
    NoKeys {
        /// The URL, without its query.
        endpoint: Box<str>,
        /// What went wrong the last time, if something has.
        reason: Option<Box<str>>,
    },
    /// The last questions had no answer.
    #[error("{endpoint} has failed {failures} times in a row: {reason}")]
    Failing {
        /// The URL, without its query.
        endpoint: Box<str>,
        /// How many.
        failures: u32,
        /// What went wrong the last time.
        reason: Box<str>,
    },
}

struct Reason<'a>(Option<&'a str>);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}

/// How many questions in a row have to fail. One may fail by chance, and a client might provoke it.
const FAILING: u32 = 3;

const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_fail_three_in_a_row_and_for_half_a_minute() {
        let (reachability, now) = (Reachability::of_answers("http://a/"), Instant::now());
        for n in 1..=4 {
            assert_eq!(reachability.check(now).is_ok(), n <= 3, "before failure {n}");
            reachability.fail(&"it is gone", now);
        }

        let failing = reachability.check(now + FORGOTTEN_AFTER - Duration::from_nanos(1));
        let text = "http://a/ has failed 4 times in a row: it is gone";
        assert_eq!(failing.unwrap_err().to_string(), text);
        assert_eq!(reachability.check(now + FORGOTTEN_AFTER), Ok(()));

        reachability.fail(&"it is gone", now + FORGOTTEN_AFTER);
        assert!(reachability.check(now + FORGOTTEN_AFTER).is_err(), "nothing has come between");
        reachability.succeed();
        assert_eq!(reachability.check(now + FORGOTTEN_AFTER), Ok(()));
        reachability.fail(&"it is gone", now + FORGOTTEN_AFTER);
        assert_eq!(reachability.check(now + FORGOTTEN_AFTER), Ok(()));
    }

    #[cfg(feature = "jwt")]
    #[test]
    fn keys_are_missing_until_they_come_and_never_again() {
        let (reachability, now) = (Reachability::of_keys("http://a/"), Instant::now());
        let text = |reachability: &Reachability| reachability.check(now).unwrap_err().to_string();

        assert_eq!(text(&reachability), "the keys of http://a/ have not been fetched yet");
        reachability.fail(&"it is gone", now);
        let failed = "the keys of http://a/ have not been fetched yet: it is gone";
        assert_eq!(text(&reachability), failed);
        assert_eq!(text(&reachability.clone()), failed);

        reachability.succeed();
        (0..10).for_each(|_| reachability.fail(&"it is gone", now));
        assert_eq!(reachability.check(now), Ok(()));
    }
}
