use std::{pin::Pin, time::Duration};

use futures_util::StreamExt;
use sseer::{EventSource, reqwest::StreamEvent, retry::ExponentialBackoff};

use super::{Contestant, DELAY, Notice, Options, Reading, Told};

pub(super) const CONTESTANT: Contestant = Contestant { name: "sseer 0.3.1", open, read };

fn open(url: &str, options: Options) -> Told {
    Box::pin(source(url, options).map(|item| match item {
        Ok(StreamEvent::Open) => Notice::Open,
        Ok(StreamEvent::Event(event)) => Notice::Event(event.data.to_string()),
        Err(_) => Notice::Error,
    }))
}

fn read(url: &str, mut events: u64) -> Reading {
    let mut source = source(url, Options::default());
    Box::pin(async move {
        let mut bytes = 0;
        while 0 < events {
            if let Some(Ok(StreamEvent::Event(event))) = source.next().await {
                bytes += event.data.len();
                events -= 1;
            }
        }
        bytes
    })
}

fn source(url: &str, options: Options) -> Pin<Box<EventSource<ExponentialBackoff>>> {
    let client = reqwest::Client::builder().no_proxy().build().expect("it needs no TLS");
    let max_retries = options.max_retries.map(|retries| retries as usize);
    let policy = ExponentialBackoff::new(DELAY, 2.0, Some(Duration::from_secs(5)), max_retries);
    Box::pin(EventSource::new_with_retry(client.get(url), policy).expect("it has no body"))
}
