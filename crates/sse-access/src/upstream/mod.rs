//! A server of your own that is asked who a credential is.

use std::{
    fmt,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use sse_core::access::{Denied, Revocation};
use tracing::error;

use crate::{
    cache::{CacheKey, DEFAULT_CAPACITY, KnownVerdict, VerdictCache},
    fetch::Endpoint,
};

mod question;
pub(crate) use question::Question;

mod answer;
use answer::{Failure, read};

mod under_way;
use under_way::{Answer, Joined, UnderWay};

mod complaints;
use complaints::Complaints;

/// A server of your own that is asked who a credential is, and what its holder may do.
///
/// It is asked by GET, and finds in the fields of the head:
///
/// | field | what it says |
/// |---|---|
/// | `Authorization` or `Cookie` | the one credential that counts; other cookies stay away |
/// | `X-Forwarded-Method`, `X-Forwarded-Uri` | what is to be done: the method and the path, without the query |
/// | `X-Forwarded-Host` | the host that the client named |
/// | `X-Forwarded-For` | the address of the client, where it is known |
///
/// and it answers:
///
/// | answer | what it means |
/// |---|---|
/// | 2xx with `Sse-Grant` | what the holder of the credential may do, on all channels and not only by this request |
/// | 401 | the credential is not valid |
/// | 403 | the credential is valid, but not for this method and path |
/// | anything else, or none in time | it cannot be known now: 503 for the client, and a line in the log |
///
/// The value of `Sse-Grant` is JSON with the claims of a token: `sub` says who it is, `jti` names the grant, both
/// for those that are to be revoked, `exp` is the second since 1970 at which it ends, `sse` has the permissions:
///
/// ```text
/// Sse-Grant: {"sub":"alice","exp":1790000000,"sse":{"listen":["room:*"],"publish":["room:42"]}}
/// ```
///
/// A grant without `exp` has no end, so that a stream which was begun with it goes on until its listener leaves or
/// it is revoked; [`Self::with_max_age`] sets one.
///
/// An answer is remembered for [a while](Self::with_ttl): 2xx and 401 for the credential, 403 for the credential,
/// the method and the path. A credential that is asked about is not asked about again meanwhile: who else presents
/// it waits for the same answer. No more than 256 questions are under way at a time, and no more than 64 of one
/// address to which [limits](crate::limits::Limits) apply; beyond, it is 503.
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
    verdicts: VerdictCache,
    under_way: Arc<UnderWay>,
    complaints: Complaints,
}

impl Upstream {
    /// Asks at `endpoint`.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            ttl: TTL,
            max_age: None,
            verdicts: VerdictCache::new(DEFAULT_CAPACITY),
            under_way: Arc::default(),
            complaints: Complaints::default(),
        }
    }

    /// Sets for how long an answer is remembered; a grant that ends earlier is not remembered longer than it
    /// lasts. Default: 10 s. With zero each request is a question.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl.min(TTL_MAX);
        self
    }

    /// Sets after which time a grant ends, whether or not it says when it ends. Default: never.
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

    /// What is known about `question` without asking.
    pub(crate) fn recall(&self, question: &Question) -> Option<KnownVerdict> {
        let find = |key| self.verdicts.find(&key, Instant::now());
        find(question.by_path()).or_else(|| find(question.by_credential()))
    }

    /// Asks, or waits for the answer if it is asked already. `count_failure` is called if this asks and the
    /// credential is not valid, also when nobody waits any more.
    pub(crate) async fn ask(
        self: Arc<Self>,
        question: Question,
        count_failure: impl Fn() + Clone + Send + 'static,
    ) -> KnownVerdict {
        // The answer to any question about the credential will do, but a 403 says nothing of another path:
        // then this very question is put, at once for all who wait.
        let any = self.join(question.by_credential(), &question, count_failure.clone()).await;
        if any.is_about(&question) {
            return any.into_verdict();
        }
        self.join(question.by_path(), &question, count_failure).await.into_verdict()
    }

    /// Forgets the grants that `revocation` means.
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
                // A task of its own: others may wait for the answer when the one who asks has left.
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

    /// Puts `question`, and remembers what is answered.
    async fn put(&self, question: &Question) -> KnownVerdict {
        let asked = self.endpoint.ask(question.fields()).await;
        let read = asked
            .map_err(Failure::Fetch)
            .and_then(|head| read(&head, self.max_age, Instant::now()));
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
