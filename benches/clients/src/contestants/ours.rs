use futures_util::StreamExt;
use sse_core::client::ClientConfig;
use sse_hyper::{EventSource, Proxies};

use super::{Contestant, DELAY, Notice, OURS, Options, Reading, Told};

pub(super) const CONTESTANT: Contestant = Contestant { name: OURS, open, read };

pub(super) fn config(options: Options) -> ClientConfig {
    let config = ClientConfig::default()
        .with_reconnection_time(DELAY)
        .with_status_retry(options.status_retry);
    match options.max_retries {
        Some(retries) => config.with_max_retries(retries),
        None => config,
    }
}

pub(super) fn told(source: EventSource) -> Told {
    Box::pin(source.filter_map(async |item| match item {
        Ok(sse_hyper::Notice::Open) => Some(Notice::Open),
        Ok(sse_hyper::Notice::Event(event)) => Some(Notice::Event(event.data().to_owned())),
        Ok(sse_hyper::Notice::Reconnecting { .. }) => Some(Notice::Error),
        Ok(_) => None,
        Err(_) => Some(Notice::Error),
    }))
}

pub(super) async fn bytes(mut source: EventSource, mut events: u64) -> usize {
    let mut bytes = 0;
    while 0 < events {
        if let Some(Ok(sse_hyper::Notice::Event(event))) = source.next().await {
            bytes += event.data().len();
            events -= 1;
        }
    }
    bytes
}

fn open(url: &str, options: Options) -> Told {
    told(source(url, options))
}

fn read(url: &str, events: u64) -> Reading {
    Box::pin(bytes(source(url, Options::default()), events))
}

fn source(url: &str, options: Options) -> EventSource {
    EventSource::builder(url.parse().expect("it is a URL"))
        .with_proxies(Proxies::None)
        .with_config(config(options))
        .build()
        .expect("it is http")
}
