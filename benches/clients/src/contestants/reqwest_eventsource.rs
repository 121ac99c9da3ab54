use std::time::Duration;

use futures_util::StreamExt;
use reqwest_eventsource::{Event, EventSource, retry::ExponentialBackoff};

use super::{Contestant, DELAY, Notice, Options, Reading, Told};

pub(super) const CONTESTANT: Contestant =
    Contestant { name: "reqwest-eventsource 0.6.0", open, read };

fn open(url: &str, options: Options) -> Told {
    Box::pin(source(url, options).map(|item| match item {
        Ok(Event::Open) => Notice::Open,
        Ok(Event::Message(event)) => Notice::Event(event.data),
        Err(_) => Notice::Error,
    }))
}

fn read(url: &str, mut events: u64) -> Reading {
    let mut source = source(url, Options::default());
    Box::pin(async move {
        let mut bytes = 0;
        while 0 < events {
            if let Some(Ok(Event::Message(event))) = source.next().await {
                bytes += event.data.len();
                events -= 1;
            }
        }
        bytes
    })
}

fn source(url: &str, options: Options) -> EventSource {
    let client = reqwest_012::Client::builder().no_proxy().build().expect("it needs no TLS");
    let mut source = EventSource::new(client.get(url)).expect("it has no body");
    let max_retries = options.max_retries.map(|retries| retries as usize);
    source.set_retry_policy(Box::new(ExponentialBackoff::new(
        DELAY,
        2.0,
        Some(Duration::from_secs(5)),
        max_retries,
    )));
    source
}
