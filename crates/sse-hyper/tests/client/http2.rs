//! HTTP/2, with and without TLS.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sse_hyper::{EventSource, HttpVersion};
use tokio::{io::duplex, runtime::Handle, task::yield_now};

use crate::support::{config, show};

#[tokio::test(start_paused = true)]
async fn stream_of_http2_is_read_to_its_end_and_made_again() {
    let mut source = source(|request| async move {
        assert_eq!(request.version(), Version::HTTP_2);
        assert_eq!(request.uri(), "http://a.example/stream");
        assert!(!request.headers().contains_key("host"));
        let id = request.headers().get("last-event-id").cloned();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let id = id.map_or(0, |id| id.to_str().unwrap().parse::<u32>().unwrap()) + 1;
        stream(format!("id: {id}\ndata: {id} {}\n\n", String::from_utf8_lossy(&body)))
    });

    let seen: Vec<_> = source.by_ref().take(6).map(show).collect().await;

    let again = "again: the stream ended";
    assert_eq!(seen, ["open", "1 ask", again, "open", "2 ask", again]);
}

#[tokio::test(start_paused = true)]
async fn dropping_it_leaves_no_task_of_its_own() {
    let mut source = source(|_request| async { stream("x".repeat(100_000)) });
    assert_eq!(show(source.next().await.unwrap()), "open");

    drop(source);

    for _ in 0..10 {
        yield_now().await;
    }
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

fn stream(text: String) -> Response<Full<Bytes>> {
    Response::builder()
        .header("content-type", "text/event-stream")
        .body(Full::new(text.into()))
        .unwrap()
}

fn source<F, Fut>(answer: F) -> EventSource
where
    F: Fn(Request<Incoming>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    EventSource::builder("http://a.example/stream".parse().unwrap())
        .with_http_version(HttpVersion::Http2)
        .with_method(http::Method::PUT)
        .with_body("ask")
        .with_config(config().with_idle_timeout(Duration::from_secs(60)))
        .with_connector(move |_uri| {
            let (client, server) = duplex(64 << 10);
            let answer = answer.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let answer = answer(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(server), service)
                    .await
            });
            std::future::ready(Ok(client))
        })
        .build()
        .unwrap()
}
