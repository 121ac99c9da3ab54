use futures_util::StreamExt;
use sse_reqwest_client::{EventSource, SseEvent, SseRetryConfig};

use super::{Contestant, DELAY, Notice, Options, Reading, Told};

pub(super) const CONTESTANT: Contestant =
    Contestant { name: "sse-reqwest-client 0.4.0", open, read };

fn open(url: &str, options: Options) -> Told {
    Box::pin(source(url, options).filter_map(async |item| match item {
        Ok(SseEvent::Open) => Some(Notice::Open),
        Ok(SseEvent::Message(event)) => Some(Notice::Event(event.data.to_string())),
        Ok(SseEvent::Error(_)) => Some(Notice::Error),
        Ok(SseEvent::Discarded(_)) => None,
        Err(_) => Some(Notice::Error),
    }))
}

fn read(url: &str, mut events: u64) -> Reading {
    let mut source = source(url, Options::default());
    Box::pin(async move {
        let mut bytes = 0;
        while 0 < events {
            if let Some(Ok(SseEvent::Message(event))) = source.next().await {
                bytes += event.data.len();
                events -= 1;
            }
        }
        bytes
    })
}

fn source(url: &str, options: Options) -> EventSource {
    let client = reqwest::Client::builder().no_proxy().build().expect("it needs no TLS");
    let mut retry = SseRetryConfig::new();
    if let Some(retries) = options.max_retries {
        retry.max_retries = retries;
    }
    EventSource::builder(client.get(url))
        .retry_config(retry)
        .initial_reconnection_time(DELAY)
        .retry_transient_errors(options.status_retry)
        .build()
}
