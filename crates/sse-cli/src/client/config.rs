use std::hash::{BuildHasher, RandomState};

use sse_core::{ClientConfig, EventId, Token};
use sse_hyper::{EventSource, EventSourceBuilder, channel_uri};

use super::args::{Args, OutputFormat};
use crate::{
    endpoint::{Endpoint, EndpointArgs},
    exit::Failure,
};

/// What the arguments of `eventsource-client` mean.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) source: Source,
    pub(super) output: OutputFormat,
    pub(super) all: bool,
    pub(super) count: Option<u64>,
}

/// Where the events come from.
#[derive(Debug)]
pub(super) enum Source {
    Stdin { last_event_id: EventId },
    Server(Box<EventSourceBuilder>),
}

impl Config {
    pub(super) fn new(args: Args) -> Result<Self, Failure> {
        if args.all && args.output != OutputFormat::Json {
            return Err(Failure::usage("--all needs --output json"));
        }
        let (output, all, count) = (args.output, args.all, args.count);
        let client = ClientConfig::default()
            .with_reconnection(!args.retry.is_zero())
            .with_reconnection_time(args.retry)
            .with_persistence(args.keep_reconnecting)
            // A script wants to know at once that there is no server.
            .with_initial_retry(false)
            .with_comments(all)
            .with_last_event_id(args.last_event_id.as_str())
            .with_seed(random());
        let source = match args.token {
            None => Source::Stdin { last_event_id: args.last_event_id },
            Some(token) => {
                Source::Server(Box::new(server(args.endpoint, &args.action, &token, client)?))
            }
        };
        Ok(Self { source, output, all, count })
    }
}

fn server(
    endpoint: EndpointArgs,
    action: &str,
    token: &Token,
    client: ClientConfig,
) -> Result<EventSourceBuilder, Failure> {
    let endpoint = Endpoint::new(endpoint)?;
    let uri = channel_uri(&endpoint.base, action, token.as_str()).map_err(Failure::usage)?;
    let source = EventSource::builder(uri).with_tls(endpoint.tls).with_config(client);
    Ok(match endpoint.credentials {
        Some(who) => source.with_basic_auth(&who.user, &who.password),
        None => source,
    })
}

/// What the standard library seeds its maps with: enough to part the clients of one server.
fn random() -> u64 {
    RandomState::new().hash_one(())
}
