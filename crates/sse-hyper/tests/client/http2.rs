//! HTTP/2, with and without TLS.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderName, Request, Response, Version};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use sse_hyper::{EventSource, HttpVersion};
use tokio::{
    io::duplex,
    runtime::Handle,
    sync::mpsc,
    task::yield_now,
    time::{sleep, timeout},
};

use crate::support::{config, show, some};

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

#[tokio::test(start_paused = true)]
async fn dropping_it_before_the_answer_closes_the_connection() {
    let mut source = source(|_request| std::future::pending());
    let waiting = timeout(Duration::from_secs(1), source.next());
    assert!(waiting.await.is_err());

    drop(source);

    for _ in 0..10 {
        yield_now().await;
    }
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn stream_is_held_while_an_event_is_handled_for_long() {
    let (events, written) = mpsc::channel(1);
    let written = Arc::new(Mutex::new(Some(written)));
    let mut source = source(move |_request| {
        let written = written.lock().unwrap().take();
        async move { stream_of(written.unwrap()) }
    });
    events.send("data: a\n\n").await.unwrap();
    assert_eq!(some(&mut source, 2).await, ["open", "a"]);

    sleep(Duration::from_secs(65)).await;

    events.send("data: b\n\n").await.unwrap();
    assert_eq!(some(&mut source, 1).await, ["b"]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_reads_is_bounded_by_the_window() {
    let (events, written) = mpsc::channel(1);
    let written = Arc::new(Mutex::new(Some(written)));
    let mut source = source(move |_request| {
        let written = written.lock().unwrap().take();
        async move { stream_of(written.unwrap()) }
    });
    events.send("data: a\n\n").await.unwrap();
    assert_eq!(some(&mut source, 2).await, ["open", "a"]);

    let comment: &'static str = format!(":{}\n\n", "x".repeat(16 << 10)).leak();
    let mut taken = 0;
    while timeout(Duration::from_secs(60), events.send(comment)).await.is_ok() {
        taken += comment.len();
        assert!(taken < 4 << 20, "{taken} bytes are held for nobody");
    }

    assert!(512 << 10 < taken, "{taken} bytes");
}

#[tokio::test(start_paused = true)]
async fn heads_have_the_same_bound_as_over_http1() {
    let too_long = "the head of the answer is longer than 256 KiB, or has more than 4096 fields";
    // HTTP/2 has one word for both.
    let too_long_or_broken =
        "the answer breaks a rule of HTTP/2, or its head or its trailers are longer than 256 KiB";
    for (count, len, reason) in [
        (150, 10, None),
        (4_000, 10, None),
        (150, 1_500, None),
        (1, 200_000, None),
        (150, 2_000, Some(too_long_or_broken)),
        (1, 300_000, Some(too_long_or_broken)),
        (1_000, 2_000, Some(too_long)),
    ] {
        let mut source = source(move |request| async move {
            request.into_body().collect().await.unwrap();
            let mut response = stream("data: a\n\n".to_owned());
            for number in 0..count {
                let name = HeaderName::try_from(format!("x{number}")).unwrap();
                response.headers_mut().insert(name, "v".repeat(len).parse().unwrap());
            }
            response
        });

        let first = some(&mut source, 1).await.remove(0);

        let expected = match reason {
            None => "open".to_owned(),
            Some(reason) => format!("again: the connection failed: {reason}"),
        };
        assert_eq!(first, expected, "{count} fields of {len} bytes");
    }
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

fn stream(text: String) -> Response<Body> {
    answer(Full::new(text.into()))
}

fn stream_of(mut written: mpsc::Receiver<&'static str>) -> Response<Body> {
    let frames = futures_util::stream::poll_fn(move |cx| written.poll_recv(cx));
    answer(StreamBody::new(frames.map(|text| Ok(Frame::data(Bytes::from(text))))))
}

fn answer(
    body: impl http_body::Body<Data = Bytes, Error = Infallible> + Send + 'static,
) -> Response<Body> {
    let response = Response::builder().header("content-type", "text/event-stream");
    response.body(body.boxed_unsync()).unwrap()
}

fn source<F, Fut>(answer: F) -> EventSource
where
    F: Fn(Request<Incoming>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    EventSource::builder("http://a.example/stream".parse().unwrap())
        .with_http_version(HttpVersion::Http2)
        .with_method(http::Method::PUT)
        .with_body("ask")
        .with_config(config().with_idle_timeout(Duration::from_secs(600)))
        .with_connector(move |_uri| {
            let (client, server) = duplex(64 << 10);
            let answer = answer.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let answer = answer(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .timer(TokioTimer::new())
                    .keep_alive_interval(Duration::from_secs(10))
                    .keep_alive_timeout(Duration::from_secs(20))
                    .serve_connection(TokioIo::new(server), service)
                    .await
            });
            std::future::ready(Ok(client))
        })
        .build()
        .unwrap()
}
