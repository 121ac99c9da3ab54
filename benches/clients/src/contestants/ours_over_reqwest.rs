use sse_reqwest::{EventSource, RequestBuilderExt};

use super::{
    Contestant, Options, Reading, Told,
    ours::{bytes, config, told},
};

pub(super) const CONTESTANT: Contestant = Contestant { name: "sse-reqwest", open, read };

fn open(url: &str, options: Options) -> Told {
    told(source(url, options))
}

fn read(url: &str, events: u64) -> Reading {
    Box::pin(bytes(source(url, Options::default()), events))
}

fn source(url: &str, options: Options) -> EventSource {
    let client = reqwest::Client::builder().no_proxy().build().expect("it needs no TLS");
    let source = client.get(url).event_source().expect("it has no body");
    source.with_config(config(options)).build().expect("it is http")
}
