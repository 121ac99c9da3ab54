use std::time::Duration;

/// How the server under test is to be configured.
///
/// An adapter's test turns this into the adapter's own configuration; every field counts.
///
/// ```
/// use sse_testkit::{EventFormat, Setup};
///
/// let setup = Setup::default();
/// assert_eq!((setup.format, setup.ids, setup.retry), (EventFormat::String, false, false));
/// assert!(Setup::json_with_ids().retry, "the formats with ids have the retry action");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Setup {
    /// How the body of a POST becomes data. Default: [`EventFormat::String`].
    pub format: EventFormat,
    /// Whether events have ids, counted from 0. Default: no.
    pub ids: bool,
    /// Whether there is the POST action `retry`. Default: no.
    pub retry: bool,
    /// POST actions beside `ping` and `close`, each of which publishes an event. Default: none.
    pub actions: Vec<String>,
    /// The name of the listen action. Default: `poll`.
    pub listen: String,
    /// What comes before the two segments of every path. Default: nothing.
    pub prefix: String,
    /// The silence after which a comment is sent. Default: none, never.
    pub keepalive: Option<Duration>,
    /// Whether several may listen on one channel. Default: no.
    pub shared: bool,
    /// The longest body of a POST, in bytes. Default: 1 MiB.
    pub max_body: u64,
    /// How long a body may take to arrive. Default: 30 s.
    pub body_timeout: Duration,
    /// What the log of one channel may hold, in bytes. Default: 16 MiB.
    pub max_channel_bytes: usize,
    /// What all logs together may hold, in bytes. Default: 256 MiB.
    pub max_total_bytes: usize,
}

impl Setup {
    /// The format `string + id`.
    pub fn string_with_ids() -> Self {
        Self { ids: true, retry: true, ..Self::default() }
    }

    /// The format `JSON`.
    pub fn json() -> Self {
        Self { format: EventFormat::Json, ..Self::default() }
    }

    /// The format `JSON + id`.
    pub fn json_with_ids() -> Self {
        Self { format: EventFormat::Json, ..Self::string_with_ids() }
    }

    /// The path that names `token` under `action`, both taken as they are.
    pub fn path(&self, action: &str, token: &str) -> String {
        format!("{}/{action}/{token}", self.prefix)
    }
}

/// What the commands do without options.
impl Default for Setup {
    fn default() -> Self {
        Self {
            format: EventFormat::String,
            ids: false,
            retry: false,
            actions: Vec::new(),
            listen: "poll".to_owned(),
            prefix: String::new(),
            keepalive: None,
            shared: false,
            max_body: 1 << 20,
            body_timeout: Duration::from_secs(30),
            max_channel_bytes: 16 << 20,
            max_total_bytes: 256 << 20,
        }
    }
}

/// How the body of a POST becomes the data of an event.
///
/// ```
/// use sse_testkit::{EventFormat, Setup};
///
/// assert_eq!(Setup::json().format, EventFormat::Json);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "an adapter must offer every format")]
pub enum EventFormat {
    /// Text, one `data:` line a line.
    String,
    /// One JSON value on one line.
    Json,
}
