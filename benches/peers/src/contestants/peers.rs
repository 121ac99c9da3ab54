use std::{convert::Infallible, future, num::NonZeroUsize};

use bytes::Bytes;
use eventsource_client::{Client, ClientBuilder, ReconnectOptions, SSE};
use eventsource_stream::Eventsource;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use http::{Request, Response, header};
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture};

use crate::inputs::Seen;

pub fn sse_core(chunks: Vec<Bytes>, _: Seen) -> Option<Seen> {
    let mut seen = Seen::default();
    // The limit that it has by default, 512 KiB, would end the long lines.
    let mut decoder = peer_sse_core::SseDecoder::with_limit(NonZeroUsize::MAX);
    for chunk in &chunks {
        let mut rest = &chunk[..];
        while let Some(event) = decoder.next(&mut rest) {
            if let Ok(peer_sse_core::SseEvent::Message(event)) = event {
                seen.event(&event.data);
            }
        }
    }
    Some(seen)
}

pub fn sse_stream(chunks: Vec<Bytes>, _: Seen) -> Option<Seen> {
    let events = sse_stream::SseByteStream::new(source(chunks));
    let data = events.filter_map(|event| future::ready(event.expect("it is valid").data));
    Some(drain(data, usize::MAX, String::as_str))
}

pub fn sseer(chunks: Vec<Bytes>, _: Seen) -> Option<Seen> {
    let events = sseer::event_stream::EventStream::new(source(chunks));
    let events = events.map(|event| event.expect("it is valid"));
    Some(drain(events, usize::MAX, |event| &event.data))
}

pub fn eventsource_stream(chunks: Vec<Bytes>, _: Seen) -> Option<Seen> {
    let events = source(chunks).eventsource().map(|event| event.expect("it is valid"));
    Some(drain(events, usize::MAX, |event| &event.data))
}

/// Its parser is private: the client runs over a transport in memory, up to the last event.
pub fn eventsource_client(chunks: Vec<Bytes>, expected: Seen) -> Option<Seen> {
    let client = ClientBuilder::for_url("http://memory/")
        .expect("it is a URL")
        .reconnect(ReconnectOptions::reconnect(false).build())
        .build_with_transport(Memory(chunks));
    let events = client.stream().filter_map(|item| {
        future::ready(match item.expect("it is valid") {
            SSE::Event(event) => Some(event),
            SSE::Comment(_) | SSE::Connected(_) => None,
        })
    });
    Some(drain(events, expected.events, |event| &event.data))
}

#[derive(Clone)]
struct Memory(Vec<Bytes>);

impl HttpTransport for Memory {
    fn request(&self, _: Request<Option<Bytes>>) -> ResponseFuture {
        let chunks = self.0.clone();
        let body: ByteStream = Box::pin(stream::iter(chunks.into_iter().map(Ok)));
        let response = Response::builder().header(header::CONTENT_TYPE, "text/event-stream");
        Box::pin(future::ready(Ok(response.body(body).expect("it is valid"))))
    }
}

fn source(chunks: Vec<Bytes>) -> impl Stream<Item = Result<Bytes, Infallible>> + Unpin {
    stream::iter(chunks.into_iter().map(Ok))
}

fn drain<T>(events: impl Stream<Item = T>, most: usize, data: impl Fn(&T) -> &str) -> Seen {
    let seen = events.take(most).fold(Seen::default(), |mut seen, event| {
        seen.event(data(&event));
        future::ready(seen)
    });
    seen.now_or_never().expect("everything is in memory")
}
