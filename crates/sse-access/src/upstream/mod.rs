//! A server of your own that is asked about credentials.

use std::{
    fmt,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use sse_core::access::{Denied, Revocation};
use tracing::error;

use crate::{
    cache::{DEFAULT_CAPACITY, KnownVerdict, VerdictCache},
    fetch::Endpoint,
    reachability::Reachability,
};

mod cache_key;
use cache_key::CacheKey;

mod question;
pub(crate) use question::Question;

mod answer;
use answer::{Failure, read};

mod under_way;
use under_way::{Answer, Joined, UnderWay};

mod complaints;
use complaints::Complaints;

/// A server of your own that is asked who holds a credential, and what the holder may do.
///
/// It gets a GET with these header fields:
///
/// | field | content |
/// |---|---|
/// | `Authorization` or `Cookie` | the one credential that counts; other cookies are not sent |
/// | `X-Forwarded-Method`, `X-Forwarded-Uri` | the method and the path of the request, without the query |
/// | `X-Forwarded-Host` | the host that the client named |
/// | `X-Forwarded-For` | the address of the client, where it is known |
/// | `traceparent`, `tracestate` | the trace that the request belongs to, if it has these fields |
///
/// It answers:
///
/// | answer | meaning |
/// |---|---|
/// | 2xx with `Sse-Grant` | what the holder of the credential may do, on all channels and not only by this request |
/// | 401 | the credential is not valid |
/// | 403 | the credential is valid, but not for this method and path |
/// | anything else, or none in time | the client gets 503, and a line goes to the log |
///
/// The value of `Sse-Grant` is JSON with the claims of a token. `sub` is the subject and `jti` the ID, by which a grant
/// is revoked. `exp` is when it ends, in seconds since the beginning of 1970. `sse` has the permissions:
///
/// ```text
/// Sse-Grant: {"sub":"alice","exp":1790000000,"sse":{"listen":["room:*"],"publish":["room:42"]}}
/// ```
///
/// A grant without `exp` has no end: a stream that was opened with it goes on until its listener leaves or the grant
/// is revoked. [`Self::with_max_age`] sets an end.
///
/// An answer is remembered for [a while](Self::with_ttl): 2xx and 401 for the credential, 403 for the credential,
/// the method and the path. Requests with the same credential wait for one answer, and do not each ask. No more
/// than 256 requests to the server are under way at a time, and no more than 64 for one address to which
/// [limits](crate::limits::Limits) apply; beyond that, clients get 503.
///
/// ```
/// use std::time::Duration;
/// use sse_access::{Authentication, Endpoint, Upstream};
/// use sse_core::{GatewayConfig, access::Access};
///
/// let endpoint = Endpoint::new("http://127.0.0.1:9000/check")?;
/// let upstream = Upstream::new(endpoint).with_ttl(Duration::from_secs(30));
/// let access = Access::new(Authentication::new().with_upstream(upstream)).with_cookie("session")?;
/// let config = GatewayConfig::default().with_access(access);
/// # drop(config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Upstream {
    endpoint: Endpoint,
    ttl: Duration,
    max_age: Option<Duration>,
    verdicts: VerdictCache<CacheKey>,
    under_way: Arc<UnderWay>,
    complaints: Complaints,
    reachability: Reachability,
}

impl Upstream {
    /// Asks the server at `endpoint`.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            reachability: Reachability::of_answers(&endpoint.to_string()),
            endpoint,
            ttl: TTL,
            max_age: None,
            verdicts: VerdictCache::new(DEFAULT_CAPACITY),
            under_way: Arc::default(),
            complaints: Complaints::default(),
        }
    }

    /// Sets how long an answer is remembered, at most until its grant ends. Default: 10 s. With zero the server is
    /// asked about each request.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl.min(TTL_MAX);
        self
    }

    /// Sets how long a grant lasts at most, whatever its `exp` is. Default: without a bound.
    #[must_use]
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Sets how many answers are remembered. Default: 10,000.
    #[must_use]
    pub fn with_capacity(mut self, answers: NonZeroUsize) -> Self {
        self.verdicts = VerdictCache::new(answers.get());
        self
    }

    /// Whether the server answers, as the last questions saw; to be kept when this is given away.
    pub fn reachability(&self) -> Reachability {
        self.reachability.clone()
    }

    /// The answer to `question` that is remembered, if there is one.
    pub(crate) fn recall(&self, question: &Question) -> Option<KnownVerdict> {
        let find = |key| self.verdicts.find(&key, Instant::now());
        find(question.by_path()).or_else(|| find(question.by_credential()))
    }

    /// Asks, or waits for the answer if the question is under way. `count_failure` is called if this asks and the
    /// credential is not valid, even if the client has left.
    pub(crate) async fn ask(
        self: Arc<Self>,
        question: Question,
        count_failure: impl Fn() + Clone + Send + 'static,
    ) -> KnownVerdict {
        // An answer to any question about the credential will do, except for a 403 of another path. Then this
        // question is asked, once for all who wait for it.
        let any = self.join(question.by_credential(), &question, count_failure.clone()).await;
        if any.is_about(&question) {
            return any.into_verdict();
        }
        self.join(question.by_path(), &question, count_failure).await.into_verdict()
    }

    /// Forgets the grants that `revocation` matches.
    pub(crate) fn forget(&self, revocation: &Revocation) {
        self.verdicts.forget(revocation);
    }

    async fn join(
        self: &Arc<Self>,
        key: CacheKey,
        question: &Question,
        count_failure: impl Fn() + Send + 'static,
    ) -> Answer {
        let waiting = match self.under_way.join(key, question, || self.recall(question)) {
            Joined::Known(verdict) => return Answer::new(question, verdict),
            Joined::Waiting(waiting) => waiting,
            Joined::First(asker, waiting) => {
                // A task of its own, because others may wait for the answer when this client has left.
                let (upstream, question) = (Arc::clone(self), question.clone());
                tokio::spawn(async move {
                    let verdict = upstream.put(&question).await;
                    if verdict == Err(Denied::Unauthorized) {
                        count_failure();
                    }
                    asker.answer(Answer::new(&question, verdict));
                });
                waiting
            }
            Joined::Full => return self.cannot_ask(question, under_way::MAX),
            Joined::ClientFull => return self.cannot_ask(question, under_way::MAX_OF_CLIENT),
        };
        let answer = waiting.answer().await;
        answer.unwrap_or_else(|| Answer::new(question, Err(Denied::Unavailable)))
    }

    fn cannot_ask(&self, question: &Question, max: usize) -> Answer {
        Answer::new(question, Err(self.fail(&Failure::Full { max })))
    }

    /// Asks `question`, and remembers the answer.
    async fn put(&self, question: &Question) -> KnownVerdict {
        let asked = self.endpoint.ask(question.fields()).await;
        let read = asked
            .map_err(Failure::Fetch)
            .and_then(|head| read(&head, self.max_age, Instant::now()));
        match &read {
            Err(failure) if failure.is_of_server() => {
                self.reachability.fail(failure, Instant::now());
            }
            _ => self.reachability.succeed(),
        }
        let verdict = match read {
            Ok(verdict) => verdict,
            Err(failure) => Err(self.fail(&failure)),
        };
        self.remember(question, &verdict);
        verdict
    }

    fn remember(&self, question: &Question, verdict: &KnownVerdict) {
        let key = match verdict {
            Ok(_) | Err(Denied::Unauthorized) => question.by_credential(),
            Err(Denied::Forbidden) => question.by_path(),
            Err(_) => return,
        };
        let now = Instant::now();
        self.verdicts.insert(key, verdict.clone(), now + self.ttl, now);
    }

    fn fail(&self, failure: &Failure) -> Denied {
        if self.complaints.is_due(failure, Instant::now()) {
            error!("credentials cannot be checked at {}: {failure}", self.endpoint);
        }
        Denied::Unavailable
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("endpoint", &self.endpoint)
            .field("ttl", &self.ttl)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

const TTL: Duration = Duration::from_secs(10);

/// A year, so that no sum overflows.
const TTL_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);
