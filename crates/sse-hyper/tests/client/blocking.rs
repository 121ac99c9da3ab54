//! The source without a runtime of the caller's.

use sse_core::ClientConfig;
use sse_hyper::{BlockingEventSource, EventSource};
use sse_testkit::{ScriptedServer, Step};

use crate::support::{held, no_content, show, stream};

#[test]
fn events_are_iterated_over_and_leaving_closes_the_connection() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scripts = [stream("id: 1\nretry: 1\ndata: a\n\n"), held("data: b\n\n")];
    let server = runtime.block_on(ScriptedServer::start(scripts));
    let source = EventSource::builder(server.url("/").parse().unwrap()).build().unwrap();

    let mut source = BlockingEventSource::new(source).unwrap();
    let seen: Vec<_> = source.by_ref().take(6).map(show).collect();

    assert_eq!(seen, ["open", "retry: 1ms", "a", "again: the stream ended", "open", "b"]);
    assert_eq!(source.source().last_event_id(), "1");
    drop(source);
    runtime.block_on(server.until_departures(1));
}

#[test]
fn iterator_ends_where_the_source_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refused = vec![Step::ExpectHead, Step::response("404 Not Found", "")];
    let server = runtime.block_on(ScriptedServer::start([no_content(), refused]));
    for expected in [&[][..], &["gave up: the server answered 404 Not Found"]] {
        let source = EventSource::builder(server.url("/").parse().unwrap())
            .with_config(ClientConfig::default())
            .build()
            .unwrap();
        let seen: Vec<_> = BlockingEventSource::new(source).unwrap().map(show).collect();

        assert_eq!(seen, expected);
    }
}
