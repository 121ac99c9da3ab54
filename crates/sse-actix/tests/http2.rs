//! HTTP/2, of which the contract over raw TCP knows nothing.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http2::SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sse_testkit::{OPEN, Setup, Target, http2, run};
use support::start_h2c;
use tokio::{net::TcpStream, runtime::Runtime, task::spawn_blocking};

#[test]
fn events_are_heard_and_published() {
    run(async {
        let target = start().await;
        let mut client = connect(target.addr()).await;
        let mut listening = ask(&mut client, "GET", "/poll/42", "").await;

        let published = ask(&mut client, "POST", "/ping/42", "hi").await;

        assert_eq!(published.status(), StatusCode::OK);
        for expected in [OPEN, "event: ping\ndata: hi\n\n"] {
            let frame = listening.frame().await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), expected);
        }
    });
}

#[test]
fn a_refusal_is_read_beside_8_mib() {
    run(async {
        let target = start().await;
        let mut client = connect(target.addr()).await;

        let refused = ask(&mut client, "POST", "/ping/42", &"a".repeat(8 << 20)).await;

        assert_eq!(refused.status(), StatusCode::NOT_FOUND);
        let page = refused.into_body().collect().await.unwrap().to_bytes();
        assert!(page.ends_with(b"Target is not connected</body></html>\n"), "{page:?}");
    });
}

#[test]
fn who_resets_a_stream_has_left_without_a_write() {
    run(async {
        let target = start().await;
        let mut client = connect(target.addr()).await;
        let listening = ask(&mut client, "GET", "/poll/42", "").await;

        drop(listening);

        target.until_left("42").await;
    });
}

#[test]
fn who_closes_the_connection_has_left_without_a_write() {
    run(async {
        let target = start().await;
        let addr = target.addr();
        let listened = spawn_blocking(move || {
            let runtime = Runtime::new().unwrap();
            let listening = runtime.block_on(async {
                let mut client = connect(addr).await;
                ask(&mut client, "GET", "/poll/42", "").await
            });
            // The socket goes with the runtime, and the stream is told nothing before.
            runtime.shutdown_background();
            listening.status()
        });

        assert_eq!(listened.await.unwrap(), StatusCode::OK);

        target.until_left("42").await;
    });
}

#[test]
fn a_stream_that_fails_is_reset_behind_what_came_before() {
    run(http2::a_stream_that_fails_is_reset_behind_what_came_before(start_h2c));
}

#[test]
fn bodies_of_one_connection_have_a_share() {
    run(http2::bodies_of_one_connection_have_a_share(start_h2c));
}

#[test]
fn a_stream_ends_with_its_grant() {
    run(http2::a_stream_ends_with_its_grant(start_h2c));
}

#[test]
fn a_revoked_stream_ends_behind_the_event_that_is_begun() {
    run(http2::a_revoked_stream_ends_behind_the_event_that_is_begun(start_h2c));
}

async fn start() -> Target {
    start_h2c(Setup::default()).await
}

async fn connect(addr: SocketAddr) -> SendRequest<Full<Bytes>> {
    let stream = TokioIo::new(TcpStream::connect(addr).await.unwrap());
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
    let (client, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    client
}

async fn ask(
    client: &mut SendRequest<Full<Bytes>>,
    method: &str,
    path: &str,
    body: &str,
) -> Response<Incoming> {
    let request = Request::builder().method(method).uri(format!("http://test{path}"));
    let body = Full::new(Bytes::copy_from_slice(body.as_bytes()));
    client.send_request(request.body(body).unwrap()).await.unwrap()
}
