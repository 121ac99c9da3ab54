//! The source without a runtime of the caller's.

use std::{convert::Infallible, net::SocketAddr, sync::Mutex, thread, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt;
use http::Response;
use http_body_util::StreamBody;
use hyper::{body::Frame, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use sse_core::client::ClientConfig;
use sse_hyper::{BlockingEventSource, EventSource, HttpVersion};
use sse_testkit::{ScriptedServer, Step};
use tokio::{net::TcpListener, sync::mpsc};

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
fn stream_of_http2_is_held_while_an_event_is_handled_for_long() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (events, written) = mpsc::channel(1);
    let address = runtime.block_on(serve(written));
    let uri = format!("http://{address}/").parse().unwrap();
    let source = EventSource::builder(uri).with_http_version(HttpVersion::Http2).build().unwrap();
    let mut source = BlockingEventSource::new(source).unwrap();
    runtime.block_on(events.send(Bytes::from("data: a\n\n"))).unwrap();
    let seen: Vec<_> = source.by_ref().take(2).map(show).collect();
    assert_eq!(seen, ["open", "a"]);

    thread::sleep(PATIENCE + PATIENCE / 2);

    // The server ends the stream of a client that does not answer, and then there is nobody to take it.
    runtime.block_on(events.send(Bytes::from("data: b\n\n"))).unwrap();
    assert_eq!(show(source.next().unwrap()), "b");
}

/// A server of HTTP/2 that wants to know whether its client is still there.
async fn serve(mut written: mpsc::Receiver<Bytes>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let frames = futures_util::stream::poll_fn(move |cx| written.poll_recv(cx));
        let frames = frames.map(|bytes| Ok::<_, Infallible>(Frame::data(bytes)));
        let body = Mutex::new(Some(StreamBody::new(frames)));
        let service = service_fn(move |_request| {
            let body = body.lock().unwrap().take().unwrap();
            let response = Response::builder().header("content-type", "text/event-stream");
            std::future::ready(response.body(body))
        });
        hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(Duration::from_millis(50))
            .keep_alive_timeout(PATIENCE)
            .serve_connection(TokioIo::new(stream), service)
            .await
    });
    address
}

/// How long the server waits for an answer to a ping.
const PATIENCE: Duration = Duration::from_secs(1);

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
