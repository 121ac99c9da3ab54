//! HTTP/2, of which the contract over raw TCP knows nothing.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::{body::Incoming, client::conn::http2::SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sse_core::Event;
use sse_testkit::{Setup, Streams, Target, run};
use support::{start, start_on_server};
use tokio::net::TcpStream;

#[test]
fn a_stream_that_fails_is_reset_behind_what_came_before() {
    run(async {
        fails_behind_what_came_before(&start(failing()).await).await;
        fails_behind_what_came_before(&start_on_server(failing()).await).await;
    });
}

async fn fails_behind_what_came_before(target: &Target) {
    let mut client = connect(target).await;
    let mut stream = get(&mut client, "/stream").await;

    let frame = stream.frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), "data: 1\n\n");
    stream.frame().await.unwrap().unwrap_err();

    let page = get(&mut client, "/").await;
    assert_eq!(page.status(), StatusCode::OK, "the other streams of the connection go on");
}

fn failing() -> Setup {
    let mut setup = Setup::default();
    setup.streams = Some(Streams::new(|_| {
        Some(Box::pin(stream::iter([Ok(Event::data("1")), Err("lost".to_owned())])))
    }));
    setup
}

async fn connect(target: &Target) -> SendRequest<Empty<Bytes>> {
    let stream = TokioIo::new(TcpStream::connect(target.addr()).await.unwrap());
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
    let (client, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    client
}

async fn get(client: &mut SendRequest<Empty<Bytes>>, path: &str) -> Response<Incoming> {
    let request = Request::get(format!("http://test{path}")).body(Empty::new()).unwrap();
    client.send_request(request).await.unwrap()
}
