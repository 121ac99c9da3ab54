//! Bodies that fail: what came before the error is sent first.

use std::{convert::Infallible, io, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use sse_core::{Event, response::event_stream};
use sse_hyper::{Server, Sse};
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinSet, time::sleep};

use super::{
    frames::{Frames, HEADERS, RST_STREAM},
    support::{read_head, read_to_close, request, within},
};

type Answer = Response<UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>>;

/// The bytes of `count` events, each of which is a frame, and then an error.
fn frames(count: usize) -> Answer {
    let events = std::iter::repeat_with(|| Ok(Frame::data(EVENT.into()))).take(count);
    let failure = [Err(io::Error::other("lost").into())];
    event_stream(StreamBody::new(stream::iter(events.chain(failure))).boxed_unsync())
}

/// The same by `Sse`.
fn sse(count: usize) -> Answer {
    let events = std::iter::repeat_with(|| Ok(Event::data("hello"))).take(count);
    let sse = Sse::new(stream::iter(events.chain([Err("lost")])));
    sse.into_response().map(|body| body.map_err(Into::into).boxed_unsync())
}

/// A server whose every answer is what `answer` makes; it ends with the set.
async fn start(answer: impl Fn() -> Answer + Clone + Send + 'static) -> (TcpStream, JoinSet<()>) {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let (addr, mut serving) = (server.local_addr().unwrap(), JoinSet::new());
    let service = tower::service_fn(move |_| {
        let answer = answer();
        async { Ok::<_, Infallible>(answer) }
    });
    serving.spawn(async move { server.serve(service).await.unwrap() });
    (TcpStream::connect(addr).await.unwrap(), serving)
}

#[tokio::test]
async fn over_http2_they_wait_for_a_window_that_is_shut() {
    for (window, answer) in [(0, sse as fn(usize) -> Answer), (20, sse), (0, frames), (20, frames)]
    {
        let (stream, _serving) = start(move || answer(3)).await;
        let mut frames = Frames::open(stream, window).await;
        frames.get(1, "/").await;
        while frames.next().await.unwrap().kind != HEADERS {}
        // Longer than it takes until the body is looked at.
        sleep(Duration::from_secs(3)).await;

        let mut read = Vec::new();
        loop {
            frames.widen(1, 5).await;
            let frame = frames.next().await.expect("the connection goes on");
            if frame.kind == RST_STREAM {
                break;
            }
            read.extend(frame.payload);
        }

        let read = String::from_utf8(read).unwrap();
        assert_eq!(read, EVENT.repeat(3), "a window of {window}");
    }
}

#[tokio::test]
async fn over_http1_they_wait_for_a_client_that_reads_late() {
    // More than the buffers of both sockets, and so little that it is one write with the error.
    for count in [1, 3, 600_000] {
        let (mut stream, _serving) = start(move || frames(count)).await;
        stream.write_all(request("/").as_bytes()).await.unwrap();
        // The server is blocked meanwhile, as long as it may be.
        sleep(Duration::from_secs(1)).await;

        read_head(&mut stream).await;
        let read = String::from_utf8(within(read_to_close(&mut stream)).await).unwrap();

        let (events, end) = (read.matches(EVENT).count(), &read[read.len().saturating_sub(40)..]);
        assert_eq!(events, count, "{end:?}");
        assert!(!read.ends_with("0\r\n\r\n"), "the last chunk of a whole answer: {end:?}");
    }
}

const EVENT: &str = "data: hello\n\n";
