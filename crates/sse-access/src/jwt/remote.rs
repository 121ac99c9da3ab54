use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper::body::Bytes;
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
    time::timeout,
};
use tracing::{error, info, warn};

use super::{Keys, KeysError};
use crate::{
    fetch::{Endpoint, FetchError},
    reachability::Reachability,
};

/// The keys of an issuer, a JWK set that is fetched from a URL again and again.
///
/// They are fetched in the background: when this is made, then as often as the `Cache-Control` of the answer and
/// [`Refresh`] say, and when a token names an unknown key. While the server does not answer with a JWK set, the last
/// keys stay valid. When a key is no longer in the set, tokens that are signed with it are not valid any more.
///
/// Before the first keys have arrived, no token can be checked. A request then waits for them, at most as long as the
/// [`Endpoint`] may take, and gets 503 if they do not come.
///
/// ```no_run
/// use sse_access::{Authentication, Endpoint, Jwt, Keys, Refresh, RemoteKeys};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint = Endpoint::new("https://issuer.example/.well-known/jwks.json")?;
/// let keys = RemoteKeys::spawn(endpoint, Refresh::default());
/// let jwt = Jwt::new(Keys::new()).with_audience("events");
/// let authentication = Authentication::new().with_remote_jwt(jwt, keys);
/// # drop(authentication);
/// # Ok(())
/// # }
/// ```
pub struct RemoteKeys {
    shown: String,
    state: watch::Receiver<State>,
    wanted: Arc<Notify>,
    pause: Duration,
    reachability: Reachability,
    task: AbortHandle,
}

impl RemoteKeys {
    /// Fetches the keys from `endpoint` until this is dropped.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn spawn(endpoint: Endpoint, refresh: Refresh) -> Self {
        let shown = endpoint.to_string();
        let pause = refresh.pause;
        let wanted = Arc::<Notify>::default();
        let reachability = Reachability::of_keys(&shown);
        let (sender, state) = watch::channel(State::new(Instant::now()));
        let fetcher = Fetcher {
            endpoint,
            refresh,
            state: sender,
            wanted: wanted.clone(),
            reachability: reachability.clone(),
            body: None,
        };
        let task = tokio::spawn(fetcher.run()).abort_handle();
        Self { shown, state, wanted, pause, reachability, task }
    }

    /// Whether the keys have ever been fetched; to be kept when this is given away.
    pub fn reachability(&self) -> Reachability {
        self.reachability.clone()
    }

    /// The number of the present set of keys: 0 before the first one, and another number for another set.
    pub(crate) fn version(&self) -> u64 {
        self.state.borrow().version
    }

    /// The keys that are valid now, and the number of their set.
    pub(crate) fn latest(&self) -> (u64, Arc<Keys>) {
        let state = self.state.borrow();
        (state.version, state.keys.clone())
    }

    /// Fetches the keys again, unless that happened a moment ago. Returns false if they cannot be fetched: then it
    /// is not known whether a key is missing.
    pub(crate) async fn look_again(&self) -> bool {
        let mut state = self.state.clone();
        let seen = {
            let state = state.borrow();
            if !state.is_asked && state.begun.elapsed() < self.pause {
                return state.is_answered;
            }
            state.answers
        };
        self.wanted.notify_one();
        let answered = state.wait_for(|state| state.answers != seen).await;
        answered.is_ok_and(|state| state.is_answered)
    }
}

impl Drop for RemoteKeys {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys").field("endpoint", &self.shown).finish_non_exhaustive()
    }
}

/// How often [`RemoteKeys`] are fetched.
///
/// ```
/// use std::time::Duration;
/// use sse_access::Refresh;
///
/// let refresh = Refresh::default().with_bounds(Duration::from_secs(300), Duration::from_secs(3600));
/// # drop(refresh);
/// ```
#[derive(Clone, Debug)]
pub struct Refresh {
    interval: Duration,
    min: Duration,
    max: Duration,
    pause: Duration,
}

impl Refresh {
    /// Sets after which time they are fetched again if the answer does not say how long it is fresh. Default:
    /// 10 minutes.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the shortest and the longest such time, whatever the answer says. Default: a minute and a day.
    ///
    /// # Panics
    ///
    /// If `min` is longer than `max`.
    #[must_use]
    pub fn with_bounds(mut self, min: Duration, max: Duration) -> Self {
        assert!(min <= max, "the shortest time, {min:?}, is longer than the longest, {max:?}");
        (self.min, self.max) = (min, max);
        self
    }

    /// Sets how long after a fetch a token that names an unknown key does not cause another one. Default: 10 s.
    #[must_use]
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// When to fetch the keys again after an answer with `fields`.
    ///
    /// # Source
    ///
    /// RFC 9111, [Cache-Control](https://www.rfc-editor.org/rfc/rfc9111.html#section-5.2).
    fn after(&self, fields: &HeaderMap) -> Duration {
        let lines = fields.get_all(header::CACHE_CONTROL).iter();
        let directives =
            lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
        let mut interval = None;
        for directive in directives {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"'));
            match &*name {
                "no-store" | "no-cache" => interval = Some(0),
                "max-age" => interval = interval.or_else(|| value.parse().ok()),
                _ => (),
            }
        }
        interval.map_or(self.interval, Duration::from_secs).clamp(self.min, self.max)
    }
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(600),
            min: Duration::from_secs(60),
            max: Duration::from_secs(24 * 60 * 60),
            pause: Duration::from_secs(10),
        }
    }
}

/// What is known about the keys.
struct State {
    keys: Arc<Keys>,
    version: u64,
    /// Whether they are being fetched, and when that began last.
    is_asked: bool,
    begun: Instant,
    /// Whether the last fetch succeeded, and how many have ended.
    is_answered: bool,
    answers: u64,
}

impl State {
    fn new(now: Instant) -> Self {
        Self {
            keys: Arc::default(),
            version: 0,
            is_asked: true,
            begun: now,
            is_answered: false,
            answers: 0,
        }
    }
}

/// Fetches the keys in the background.
struct Fetcher {
    endpoint: Endpoint,
    refresh: Refresh,
    state: watch::Sender<State>,
    wanted: Arc<Notify>,
    reachability: Reachability,
    /// The last answer.
    body: Option<Bytes>,
}

impl Fetcher {
    async fn run(mut self) {
        let mut retry = RETRY_MIN;
        loop {
            self.state.send_modify(|state| {
                state.is_asked = true;
                state.begun = Instant::now();
            });
            let interval = match self.fetch().await {
                Ok(interval) => {
                    retry = RETRY_MIN;
                    interval
                }
                Err(error) => {
                    warn!("cannot fetch the keys of {}: {error}", self.endpoint);
                    self.reachability.fail(&error, Instant::now());
                    self.tell(false, None);
                    let wait = retry.min(self.refresh.max);
                    retry = (2 * retry).min(RETRY_MAX);
                    wait
                }
            };
            let _elapsed = timeout(interval, self.wanted()).await;
        }
    }

    /// Completes when the keys are wanted and were not fetched a moment ago. A wish from before that fetch ended is
    /// served by it.
    async fn wanted(&self) {
        loop {
            self.wanted.notified().await;
            if self.refresh.pause <= self.state.borrow().begun.elapsed() {
                return;
            }
        }
    }

    /// Fetches the keys once, and returns when to fetch them again.
    async fn fetch(&mut self) -> Result<Duration, JwksError> {
        let fields = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(ACCEPT))]);
        let (head, body) = self.endpoint.load(fields).await?;
        if head.status != StatusCode::OK {
            return Err(JwksError::Status(head.status));
        }
        let is_known = self.body.as_ref() == Some(&body);
        let keys = if is_known { None } else { Some(self.read(&body)?) };
        self.body = Some(body);
        self.reachability.succeed();
        self.tell(true, keys);
        Ok(self.refresh.after(&head.headers))
    }

    fn read(&self, body: &[u8]) -> Result<Keys, KeysError> {
        match Keys::from_jwks(body) {
            Ok(keys) => {
                info!("{} has {} keys for tokens", self.endpoint, keys.len());
                Ok(keys)
            }
            // The issuer has withdrawn its keys.
            Err(error @ (KeysError::Empty | KeysError::NoneUsable { .. })) => {
                error!("{} has no keys for tokens: {error}", self.endpoint);
                Ok(Keys::new())
            }
            Err(error) => Err(error),
        }
    }

    fn tell(&self, is_answered: bool, keys: Option<Keys>) {
        self.state.send_modify(|state| {
            state.is_asked = false;
            state.is_answered = is_answered;
            state.answers += 1;
            if let Some(keys) = keys {
                state.keys = Arc::new(keys);
                state.version += 1;
            }
        });
    }
}

/// Why the keys cannot be fetched.
#[derive(Debug, thiserror::Error)]
enum JwksError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the answer is {0}")]
    Status(StatusCode),
    #[error(transparent)]
    Keys(#[from] KeysError),
}

const ACCEPT: &str = "application/jwk-set+json, application/json";

/// After how long a failed fetch is repeated: twice as long each time.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_asked_for_as_often_as_the_answer_says_within_bounds() {
        for (fields, expected) in [
            (&[][..], 600),
            (&["max-age=3600"], 3600),
            (&["public, MAX-AGE = \"300\" , must-revalidate"], 300),
            (&["public", "max-age=300"], 300),
            (&["max-age=1"], 60),
            (&["max-age=99999999"], 86_400),
            (&["max-age=99999999999999999999999"], 600),
            (&["max-age=-1"], 600),
            (&["s-maxage=300"], 600),
            (&["no-store"], 60),
            (&["max-age=3600, no-cache"], 60),
        ] {
            let values = fields.iter().map(|field| HeaderValue::from_static(field));
            let fields = values.map(|value| (header::CACHE_CONTROL, value)).collect();

            let after = Refresh::default().after(&fields);

            assert_eq!(after, Duration::from_secs(expected), "{fields:?}");
        }
    }
}
