use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use sse_access::limits::Limits;
use sse_core::{
    GatewayConfig, HubConfig, StringFormat,
    access::Access,
    action::{Action, ActionSet},
    format::{Format, JsonFormat},
    gateway::{Cors, CorsError, Hosts, HostsError},
    history::History,
    id_source::Counter,
};

use super::{
    access::AccessConfig, activation::Place, admin::AdminConfig, args::Args, data::DataConfig,
    files::Files, identity::Identity, limits::LimitArgs, redis::RedisConfig,
};
use crate::exit::Failure;

/// What the arguments of `eventsource-server` mean.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) hub: HubConfig,
    pub(super) places: Places,
    pub(super) log_bounds: LogBounds,
    pub(super) gateway: GatewayConfig,
    pub(super) hosts: AllowedHosts,
    pub(super) identity: Option<Identity>,
    pub(super) access: Option<AccessConfig>,
    pub(super) limits: LimitArgs,
    /// Whether the warning about a server that everybody can use is silenced.
    pub(super) is_open: bool,
    pub(super) stall_timeout: Option<Duration>,
    pub(super) drain: Duration,
    pub(super) drain_accept: bool,
    /// None for as many as there are processors.
    pub(super) workers: Option<usize>,
    pub(super) admin: Option<AdminConfig>,
    /// Of this and the next one there is one, or none for histories in memory alone.
    pub(super) data: Option<DataConfig>,
    pub(super) redis: Option<RedisConfig>,
    /// All that were read for it.
    pub(super) files: Files,
}

impl Config {
    pub(super) fn new(args: Args) -> Result<Self, Failure> {
        let (gateway, data) = (gateway(&args)?, DataConfig::new(&args)?);
        let redis = RedisConfig::new(&args)?;
        let log_bytes = match (&data, &redis) {
            (Some(data), _) => Some(data.log_bytes()),
            (None, redis) => redis.as_ref().map(RedisConfig::log_bytes),
        };
        let mut files = Files::default();
        let (key, certificates) = (args.keyfile.clone(), args.certfile.clone());
        let named = (("--keyfile", key), ("--certfile", certificates));
        let identity = Identity::new(named.0, named.1, &mut files).map_err(Failure::usage)?;
        Ok(Self {
            hosts: AllowedHosts::new(&args.allow_hosts).map_err(Failure::usage)?,
            hub: hub(&args, log_bytes)?,
            places: Places::new(&args),
            log_bounds: LogBounds::new(&args),
            host: unbracketed(args.host),
            port: args.port,
            gateway,
            identity,
            is_open: args.access.open,
            access: AccessConfig::new(args.access, &mut files)?,
            limits: args.limits,
            stall_timeout: unless_zero(args.stall_timeout),
            drain: args.drain,
            drain_accept: args.drain_accept,
            workers: args.workers,
            admin: AdminConfig::new(args.admin, &mut files)?,
            data,
            redis,
            files,
        })
    }
}

impl Config {
    /// The configuration of a gateway at `place`, with who may do what there, and how much.
    pub(super) fn gateway_at(
        &self,
        place: &Place,
        access: Option<Access>,
        limits: &Arc<Limits>,
    ) -> GatewayConfig {
        let mut config = self.gateway.clone().with_limiter(limits.clone());
        if let Some(hosts) = self.hosts.at(place.ip()) {
            config = config.with_hosts(hosts);
        }
        if let Some(access) = access {
            config = config.with_access(access);
        }
        config
    }
}

fn gateway(args: &Args) -> Result<GatewayConfig, Failure> {
    let config = GatewayConfig::default()
        .with_max_body(args.max_body)
        .with_max_bodies(args.max_bodies)
        .with_prefix(args.prefix.path())
        .map_err(Failure::usage)?;
    if args.allow_origins.is_empty() {
        return Ok(config);
    }
    Ok(config.with_cors(cors(args).map_err(Failure::usage)?))
}

fn cors(args: &Args) -> Result<Cors, CorsError> {
    let cors = Cors::new(&args.allow_origins)?;
    if args.allow_credentials { cors.with_credentials() } else { Ok(cors) }
}

/// How many channels and listeners there may be, and events of one POST.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub(super) channels: usize,
    pub(super) listeners: usize,
    pub(super) channel_listeners: usize,
    pub(super) batch: usize,
}

impl Places {
    fn new(args: &Args) -> Self {
        Self {
            channels: args.max_channels,
            listeners: args.max_listeners,
            channel_listeners: args.max_listeners_per_channel,
            batch: args.max_batch,
        }
    }
}

/// What one channel and all may hold for listeners, in bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct LogBounds {
    pub(super) channel: usize,
    pub(super) all: usize,
}

impl LogBounds {
    /// Whoever allows longer bodies wants them delivered, and a body of short lines becomes an event that is longer
    /// than itself.
    fn new(args: &Args) -> Self {
        let longest = usize::try_from(args.max_body.saturating_mul(2)).unwrap_or(usize::MAX);
        let channel = args.max_channel_bytes.unwrap_or_else(|| longest.max(DEFAULT_CHANNEL_BYTES));
        let all = args.max_unread_bytes.unwrap_or_else(|| channel.max(DEFAULT_UNREAD_BYTES));
        Self { channel, all }
    }
}

/// Under which hosts the server may be asked.
#[derive(Debug)]
pub(super) enum AllowedHosts {
    Any,
    /// Those of this machine, where only this machine reaches it.
    Reachable,
    Listed(Hosts),
}

impl AllowedHosts {
    fn new(names: &[String]) -> Result<Self, HostsError> {
        let mut listed = names.iter().filter(|&name| name != ANY);
        let hosts = listed.try_fold(Hosts::loopback(), |hosts, name| hosts.with_host(name))?;
        Ok(match names {
            [] => Self::Reachable,
            _ if names.iter().any(|name| name == ANY) => Self::Any,
            _ => Self::Listed(hosts),
        })
    }

    /// Those of a server that is bound to `address`; none are any.
    pub(super) fn at(&self, address: IpAddr) -> Option<Hosts> {
        match self {
            Self::Any => None,
            Self::Reachable => address.to_canonical().is_loopback().then(Hosts::loopback),
            Self::Listed(hosts) => Some(hosts.clone()),
        }
    }

    /// Those of the operator's address, if that is bound to `address`: where only this machine reaches it, the
    /// names of this machine are what keeps pages of other sites out.
    pub(super) fn at_admin(&self, address: IpAddr) -> Option<Hosts> {
        match self {
            Self::Any => Self::Reachable.at(address),
            hosts => hosts.at(address),
        }
    }
}

/// The configuration of the hub, in which the newest events take `log_bytes` where all of them are kept elsewhere.
fn hub(args: &Args, log_bytes: Option<usize>) -> Result<HubConfig, Failure> {
    if args.no_greeting && 0 < args.history {
        return Err(Failure::usage(
            "--no-greeting is not for --history: its IDs begin with the first event",
        ));
    }
    if args.history == 0 && (args.key_window.is_some() || args.key_bytes.is_some()) {
        let option = if args.key_window.is_some() { "--key-window" } else { "--key-bytes" };
        return Err(Failure::usage(format!(
            "{option} needs --history: without it idempotency keys are not looked at"
        )));
    }
    let (places, log) = (Places::new(args), LogBounds::new(args));
    let of_memory = args.max_history_bytes.unwrap_or(DEFAULT_HISTORY_BYTES);
    let history_bytes = log_bytes.unwrap_or(of_memory);
    let config = if args.json { hub_of(JsonFormat, args) } else { hub_of(StringFormat, args) }?;
    let config = config
        .with_keepalive(unless_zero(args.keepalive))
        .with_retry(args.retry)
        .with_greeting(!args.no_greeting)
        .with_mode(args.mode.into())
        .with_on_overrun(args.overrun.into())
        .with_closed_ttl(unless_zero(args.closed_ttl))
        .with_max_batch(places.batch)
        .with_max_log_bytes(log.channel)
        .with_max_total_bytes(log.all)
        .with_max_channels(places.channels)
        .with_max_listeners(places.listeners)
        .with_max_channel_listeners(places.channel_listeners)
        .with_max_history_bytes(history_bytes);
    Ok(match history(args) {
        Some(history) => config.with_history(history),
        None if args.id => config.with_ids(Counter::default()),
        None => config,
    })
}

fn hub_of(format: impl Format, args: &Args) -> Result<HubConfig, Failure> {
    let actions = actions(format.actions(), args).map_err(Failure::usage)?;
    Ok(HubConfig::new(format).with_actions(actions))
}

fn history(args: &Args) -> Option<History> {
    // What the standard library seeds its maps with: enough to part two runs of the server.
    let seed = RandomState::new().hash_one(());
    let mut history = History::new(seed)
        .with_max_events(args.history as usize)
        .with_max_bytes(args.history_bytes)
        .with_max_age(unless_zero(args.history_age));
    if let Some(window) = args.key_window {
        history = history.with_key_window(window);
    }
    if let Some(bytes) = args.key_bytes {
        history = history.with_max_key_bytes(bytes);
    }
    (0 < args.history).then_some(history)
}

fn unless_zero(time: Duration) -> Option<Duration> {
    (!time.is_zero()).then_some(time)
}

fn actions(
    mut actions: ActionSet,
    args: &Args,
) -> Result<ActionSet, sse_core::action::ActionError> {
    if let Some(listen) = &args.listen {
        actions = actions.with_listen(listen)?;
    }
    let with_ids = args.id.then_some(RETRY);
    for name in with_ids.into_iter().chain(args.actions.iter().map(String::as_str)) {
        // What is there already keeps its meaning: `--action close` allows what is allowed.
        if actions.action(name).is_none() {
            let action = if name == RETRY { Action::Retry } else { Action::Event };
            actions = actions.with_action(name, action)?;
        }
    }
    Ok(actions)
}

/// `[::1]` is how a URL has it, `::1` what a socket is bound to.
fn unbracketed(host: String) -> String {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.to_owned(),
        None => host,
    }
}

const DEFAULT_CHANNEL_BYTES: usize = 16 << 20;

const DEFAULT_UNREAD_BYTES: usize = 256 << 20;

const DEFAULT_HISTORY_BYTES: usize = 256 << 20;

const RETRY: &str = "retry";

const ANY: &str = "*";
