use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use sse_core::{
    Gateway, GatewayConfig, Hub, HubConfig, StringFormat,
    access::{Access, Grant},
    action::{Action, ActionSet},
    channel::Mode,
    format::JsonFormat,
    gateway::Cors,
    history::History,
    id_source::Counter,
    store::Store,
};

use crate::{
    Stop, Streams, TlsIdentity,
    contract::access::{self, ScriptedLimiter},
};

/// Opens a store for what a history says.
pub type OpenStore = fn(&History) -> Arc<dyn Store>;

/// How the server under test is to be configured.
///
/// [`gateway`](Self::gateway) covers the protocol. What is the adapter's own, its test has to heed:
/// [`tls`](Self::tls), [`streams`](Self::streams), to which [`keepalive`](Self::keepalive) applies too,
/// [`own_route`](Self::own_route), [`sessions`](Self::sessions), [`stall_timeout`](Self::stall_timeout) and
/// [`stop`](Self::stop).
///
/// ```
/// use sse_testkit::{EventFormat, Setup};
///
/// let setup = Setup::default();
/// assert_eq!((setup.format, setup.ids, setup.retry), (EventFormat::String, false, false));
/// assert!(Setup::json_with_ids().retry, "the formats with ids have the retry action");
/// ```
#[derive(Clone, Debug)]
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
    /// The origins whose pages may read, or `*`. Default: none.
    pub allow_origins: Vec<String>,
    /// Whether they may send credentials. Default: no.
    pub allow_credentials: bool,
    /// Who may use the channels. Default: everybody.
    pub access: Option<Access>,
    /// Who of them is let in. Default: everybody.
    pub(crate) limiter: Option<ScriptedLimiter>,
    /// Whether middleware puts the grants of [`Self::session`] into the extensions of requests. Default: no.
    pub sessions: bool,
    /// What `GET /stream` answers, outside of the prefix. Default: nothing is served there.
    pub streams: Option<Streams>,
    /// Whether any request to `/own`, outside of the prefix, is answered with the channel `own` by the
    /// adapter's `respond`. Default: nothing is served there.
    pub own_route: bool,
    /// What else the hub is configured with, after all of the above. Default: nothing.
    pub hub: fn(HubConfig) -> HubConfig,
    /// What keeps the histories of a hub with history. Default: the hub.
    pub store: Option<OpenStore>,
    /// What else the gateway is configured with, after all of the above. Default: nothing.
    pub gateway_config: fn(GatewayConfig) -> GatewayConfig,
    /// How long the server takes to end its streams, for [`sse_core::Hub::drain`]. Default: no time.
    pub drain: Duration,
    /// How long a client may take nothing before the server, or the kernel below it, cuts the connection;
    /// `None`, which only [`crowd_tests!`](crate::crowd_tests) ask for, is for ever. Default: 30 s.
    pub stall_timeout: Option<Duration>,
    /// What shuts the server down gracefully: it ends every stream and returns.
    pub stop: Stop,
    /// Under which identity it speaks TLS, with ALPN for HTTP/2 and HTTP/1.1. Default: no TLS.
    pub tls: Option<TlsIdentity>,
    /// What [`Self::gateway`] has made, in which tests revoke grants.
    pub(crate) made: Arc<OnceLock<Gateway>>,
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

    /// The gateway to a hub of its own, as the fields say: to be asked for once.
    ///
    /// # Panics
    ///
    /// If a field cannot be.
    pub fn gateway(&self) -> Gateway {
        let hub = match self.format {
            EventFormat::String => HubConfig::new(StringFormat),
            EventFormat::Json => HubConfig::new(JsonFormat),
        };
        let hub = hub
            .with_actions(self.action_set())
            .with_mode(if self.shared { Mode::Shared } else { Mode::Exclusive })
            .with_keepalive(self.keepalive)
            .with_max_log_bytes(self.max_channel_bytes)
            .with_max_total_bytes(self.max_total_bytes);
        let hub = if self.ids { hub.with_ids(Counter::default()) } else { hub };
        let mut config = GatewayConfig::default()
            .with_prefix(&self.prefix)
            .expect("the prefix is a path")
            .with_max_body(self.max_body)
            .with_body_timeout(self.body_timeout);
        if !self.allow_origins.is_empty() {
            let cors = Cors::new(&self.allow_origins).expect("these are origins");
            let cors = if self.allow_credentials { cors.with_credentials() } else { Ok(cors) };
            config = config.with_cors(cors.expect("credentials are for listed origins"));
        }
        if let Some(access) = &self.access {
            config = config.with_access(access.clone());
        }
        if let Some(limiter) = &self.limiter {
            config = config.with_limiter(limiter.clone());
        }
        let hub = (self.hub)(hub);
        let hub = match (self.store, hub.history().cloned()) {
            (Some(store), Some(history)) => hub.with_store(store(&history)),
            _ => hub,
        };
        let gateway = Gateway::new(Hub::new(hub), (self.gateway_config)(config));
        self.made.get_or_init(|| gateway.clone());
        gateway
    }

    /// What [`Self::gateway`] has made.
    ///
    /// # Panics
    ///
    /// If it was not asked for.
    pub(crate) fn made_gateway(&self) -> &Gateway {
        self.made.get().expect("the server under test has asked for its gateway")
    }

    /// The grant of the session that the header `X-Session` of a request names; `None` where there is none.
    pub fn session(&self, name: Option<&[u8]>) -> Option<Grant> {
        let name = name.filter(|_| self.sessions)?;
        access::grant(str::from_utf8(name).ok()?).ok()
    }

    fn action_set(&self) -> ActionSet {
        let actions = ActionSet::default().with_listen(&self.listen).expect("it can be an action");
        let retry = self.retry.then_some(("retry", Action::Retry));
        let events = self.actions.iter().map(|name| (name.as_str(), Action::Event));
        retry.into_iter().chain(events).fold(actions, |actions, (name, action)| {
            actions.with_action(name, action).expect("it can be an action")
        })
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
            allow_origins: Vec::new(),
            allow_credentials: false,
            access: None,
            limiter: None,
            sessions: false,
            streams: None,
            own_route: false,
            hub: |config| config,
            store: None,
            gateway_config: |config| config,
            drain: Duration::ZERO,
            stall_timeout: Some(Duration::from_secs(30)),
            stop: Stop::default(),
            tls: None,
            made: Arc::default(),
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
