use std::{fmt, time::Duration};

use sse_core::history::History;

use crate::{StartError, address::Address};

/// Where a [`Store`](crate::Store) finds Redis, and what it keeps there.
///
/// ```
/// use sse_core::history::History;
/// use sse_redis::RedisConfig;
///
/// # let from_a_random_source = 42;
/// let history = History::new(from_a_random_source).with_max_events(10_000);
/// let config = RedisConfig::new("redis://localhost").with_prefix("chat").with_history(&history);
/// ```
#[derive(Clone)]
pub struct RedisConfig {
    pub(crate) url: String,
    pub(crate) prefix: String,
    pub(crate) partitions: u16,
    pub(crate) limits: Limits,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) root_certificates: Option<Vec<u8>>,
    pub(crate) max_queue_bytes: usize,
}

/// How much is kept of each channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_events: usize,
    pub(crate) max_bytes: usize,
    pub(crate) max_age: Option<Duration>,
    pub(crate) key_window: Duration,
    pub(crate) forget_after: Option<Duration>,
}

impl RedisConfig {
    /// Redis at `url`:
    ///
    /// | url | Redis |
    /// |---|---|
    /// | `redis://[user:password@]host[:port][/db]` | one server |
    /// | `rediss://…` | the same over TLS |
    /// | `redis+sentinel://[user:password@]host[:port][,host[:port]]…/name[/db]` | the primary that the Sentinels at these hosts name |
    /// | `rediss+sentinel://…` | the same, with TLS to the primary and to the Sentinels |
    ///
    /// The limits are those of [`History::new`].
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: "sse".to_owned(),
            partitions: 128,
            limits: Limits {
                max_events: 1_000,
                max_bytes: 4 << 20,
                max_age: Some(Duration::from_secs(3_600)),
                key_window: Duration::from_secs(300),
                forget_after: Some(Duration::from_secs(86_400)),
            },
            settings: Vec::new(),
            root_certificates: None,
            max_queue_bytes: 64 << 20,
        }
    }

    /// Sets what the names of all keys begin with: deployments with different prefixes share a Redis and nothing
    /// else. Default: `sse`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets into how many parts the channels are divided, which are the units of leases, and of Redis Cluster once it
    /// can be used. All nodes must have the same number. Default: 128.
    #[must_use]
    pub fn with_partitions(mut self, partitions: u16) -> Self {
        self.partitions = partitions.max(1);
        self
    }

    /// Keeps what `history` says: so many events and bytes of a channel, for so long, and idempotency keys for so
    /// long. How many keys there are is not limited; Redis forgets each when its time is over.
    #[must_use]
    pub fn with_history(mut self, history: &History) -> Self {
        self.limits.max_events = history.max_events();
        self.limits.max_bytes = history.max_bytes();
        self.limits.max_age = history.max_age();
        self.limits.key_window = history.key_window();
        self
    }

    /// Sets for how long a channel is remembered that nobody uses; `None` for always. Default: 24 h, and twice as
    /// long as its events at least.
    #[must_use]
    pub fn with_forget_after(mut self, forget_after: Option<Duration>) -> Self {
        self.limits.forget_after = forget_after;
        self
    }

    /// Names a setting that all nodes have to have the same, such as which channels are exclusive. A node that has it
    /// otherwise than those that are there fails with [`StartError::Settings`](crate::StartError::Settings).
    #[must_use]
    pub fn with_setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Sets the certificates, in PEM, by which Redis is known over TLS. Default: those of the system.
    #[must_use]
    pub fn with_root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }

    /// Sets how many bytes may wait, of what is to be published and of what others have published, each. Default:
    /// 64 MiB.
    ///
    /// Beyond it publications are refused; where messages of others do not fit, the connection on which they come is
    /// opened anew, and what was missed is read.
    #[must_use]
    pub fn with_max_queue_bytes(mut self, max_queue_bytes: usize) -> Self {
        self.max_queue_bytes = max_queue_bytes;
        self
    }

    /// Whether a [`Store`](crate::Store) can be started so, as far as that can be said without Redis.
    ///
    /// ```
    /// use sse_redis::RedisConfig;
    ///
    /// assert!(RedisConfig::new("redis://localhost").check().is_ok());
    /// assert!(RedisConfig::new("http://localhost").check().is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError::Address`] and [`StartError::Prefix`].
    pub fn check(&self) -> Result<(), StartError> {
        self.address().map(drop)
    }

    pub(crate) fn address(&self) -> Result<Address, StartError> {
        let is_plain =
            |it: char| !matches!(it, '{' | '}') && !it.is_whitespace() && !it.is_control();
        if !(1..=100).contains(&self.prefix.len()) || !self.prefix.chars().all(is_plain) {
            return Err(StartError::Prefix { prefix: self.prefix.clone() });
        }
        Ok(Address::parse(&self.url)?)
    }

    pub(crate) fn forget_after(&self) -> Option<Duration> {
        let Limits { forget_after, max_age, .. } = self.limits;
        Some(
            forget_after?
                .max(max_age.map_or(Duration::ZERO, |age| 2 * age))
                .max(LEAST_FORGET_AFTER),
        )
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        let Self { prefix, partitions, limits, settings, .. } = self;
        f.debug_struct("RedisConfig")
            .field("prefix", prefix)
            .field("partitions", partitions)
            .field("limits", limits)
            .field("settings", settings)
            .finish_non_exhaustive()
    }
}

/// A channel in use is looked at more often than that.
const LEAST_FORGET_AFTER: Duration = Duration::from_secs(300);
