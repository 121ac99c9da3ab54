use std::hash::{BuildHasher, RandomState};

use http::{HeaderValue, Method, Uri, header::USER_AGENT};
use sse_core::{client::ClientConfig, event::EventId};
use sse_hyper::{EventSource, EventSourceBuilder, Proxies, channel_uri};

use super::{
    args::{Args, OutputFormat, ReconnectionArgs, RequestArgs},
    exec::Exec,
    handler::Selection,
    state::StateFile,
};
use crate::{data, endpoint::Endpoint, exit::Failure, header};

/// What the arguments of `eventsource-client` mean.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) source: Source,
    pub(super) output: OutputFormat,
    pub(super) all: bool,
    pub(super) selection: Selection,
    pub(super) exec: Option<Exec>,
    pub(super) state: Option<StateFile>,
}

/// Where the events come from.
#[derive(Debug)]
pub(super) enum Source {
    Stdin {
        last_event_id: String,
    },
    Server {
        builder: Box<EventSourceBuilder>,
        /// It is named by --url, and no option says whether to use TLS.
        is_url: bool,
    },
}

impl Config {
    pub(super) fn new(args: Args) -> Result<Self, Failure> {
        if args.all && args.output != OutputFormat::Json {
            return Err(Failure::usage("--all needs --output json"));
        }
        let state = args.state.map(StateFile::open).transpose().map_err(Failure::usage)?;
        let kept = state.as_ref().and_then(StateFile::last_event_id);
        let last_event_id = args.last_event_id.as_ref().or(kept);
        let last_event_id = last_event_id.map_or("", EventId::as_str).to_owned();
        let source = if args.stdin {
            Source::Stdin { last_event_id }
        } else {
            let client = client(&args.reconnection)
                .with_comments(args.all)
                // Their IDs are kept in the state, whether they are printed or not.
                .with_system_events(true)
                .with_last_event_id(last_event_id);
            let endpoint = Endpoint::new(args.endpoint, args.url.as_ref())?;
            let is_url = args.url.is_some();
            let uri = match (args.url, args.token) {
                (Some(url), _) => url,
                (None, Some(token)) => channel_uri(&endpoint.base, &args.action, token.as_str())
                    .map_err(Failure::usage)?,
                (None, None) => unreachable!("one of them is required"),
            };
            let source = server(uri, endpoint, args.request)?;
            Source::Server { builder: Box::new(source.with_config(client)), is_url }
        };
        Ok(Self {
            source,
            output: args.output,
            all: args.all,
            selection: Selection { names: args.event, count: args.count, until: args.until },
            exec: args.exec.map(Exec::new),
            state,
        })
    }
}

fn client(args: &ReconnectionArgs) -> ClientConfig {
    let client = ClientConfig::default()
        .with_reconnection(!args.retry.is_zero())
        .with_reconnection_time(args.retry)
        .with_persistence(args.keep_reconnecting)
        // With -k the request is repeated, whatever its method.
        .with_repetition(args.keep_reconnecting)
        .with_status_retry(args.retry_status)
        // A script wants to know at once that there is no server.
        .with_initial_retry(false)
        .with_seed(random());
    let client = match args.idle_timeout {
        Some(timeout) => client.with_idle_timeout(timeout),
        None => client,
    };
    match args.max_time {
        Some(time) => client.with_max_time(time),
        None => client,
    }
}

fn server(uri: Uri, endpoint: Endpoint, args: RequestArgs) -> Result<EventSourceBuilder, Failure> {
    let mut source = EventSource::builder(uri).with_tls(endpoint.tls).with_header(USER_AGENT, NAME);
    if let Some(who) = endpoint.credentials {
        source = source.with_basic_auth(&who.user, &who.password);
    }
    if let Some(data) = args.data {
        let body = data::read(data).map_err(Failure::usage)?;
        source = source.with_method(Method::POST).with_body(body);
    }
    if let Some(method) = args.method {
        source = source.with_method(method);
    }
    if let Some(proxy) = endpoint.proxy {
        source = source.with_proxies(Proxies::One(proxy));
    }
    for (name, value) in header::read("--header", args.header).map_err(Failure::usage)? {
        source = source.with_header(name, value);
    }
    Ok(source)
}

/// What the standard library seeds its maps with: enough to part the clients of one server.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

const NAME: HeaderValue =
    HeaderValue::from_static(concat!("eventsource-client/", env!("CARGO_PKG_VERSION")));
