use eventsource_client::{BoxStream, Client, ClientBuilder, Error, ReconnectOptions, SSE};
use futures_util::StreamExt;
use launchdarkly_sdk_transport::HyperTransport;

use super::{Contestant, DELAY, Notice, Options, Reading, Told};

pub(super) const CONTESTANT: Contestant =
    Contestant { name: "eventsource-client 0.18.0", open, read };

/// It has no limit to its retries and no option for statuses.
fn open(url: &str, _options: Options) -> Told {
    Box::pin(source(url).filter_map(async |item| match item {
        Ok(SSE::Connected(_)) => Some(Notice::Open),
        Ok(SSE::Event(event)) => Some(Notice::Event(event.data)),
        Ok(SSE::Comment(_)) => None,
        Err(_) => Some(Notice::Error),
    }))
}

fn read(url: &str, mut events: u64) -> Reading {
    let mut source = source(url);
    Box::pin(async move {
        let mut bytes = 0;
        while 0 < events {
            if let Some(Ok(SSE::Event(event))) = source.next().await {
                bytes += event.data.len();
                events -= 1;
            }
        }
        bytes
    })
}

fn source(url: &str) -> BoxStream<Result<SSE, Error>> {
    let transport =
        HyperTransport::builder().disable_proxy().build_http().expect("it needs no TLS");
    let options = ReconnectOptions::reconnect(true).delay(DELAY).build();
    ClientBuilder::for_url(url)
        .expect("it is a URL")
        .reconnect(options)
        .build_with_transport(transport)
        .stream()
}
