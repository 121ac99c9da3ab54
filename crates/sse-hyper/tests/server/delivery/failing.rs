//! An engine that fails ends its server, and says why.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use sse_core::{Gateway, GatewayConfig, Hub, Token};
use sse_hyper::{EventService, ResponseBody, Server, StreamCut};
use sse_testkit::{Connection, Listener, StreamEnd};
use tokio::{net::TcpStream, task::JoinHandle};
use tower::{ServiceExt, service_fn};

use super::support::{Delivering, listen_on, shared};
use crate::support::within;

#[tokio::test]
async fn a_panic_of_somebody_who_watches_the_hub_ends_the_server() {
    for engines in [1, 3] {
        let server = Delivering::start(engines).await;
        let (leaving, stays) = (server.listen("42").await, server.listen("43").await);
        let mut watcher = server.channels.hub().watch();
        // From now on it is woken for what happens next, which is that the channel has ended.
        assert_eq!(watcher.poll_next(&Waker::from(Arc::new(Panicking))), Poll::Pending);

        drop(leaving);

        expect_failure(server.serving, stays).await;
        assert!(TcpStream::connect(server.addr).await.is_err());
        assert_eq!(server.channels.hub().counts().listeners, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_of_what_middleware_holds_for_a_stream_ends_the_server() {
    let events = EventService::new(Gateway::new(Hub::new(shared()), GatewayConfig::default()));
    let channels = events.channels();
    let service = service_fn(move |request| {
        let events = events.clone();
        async move {
            let answer = events.oneshot(request).await?;
            Ok::<_, Infallible>(ResponseBody::convert(answer, Mined))
        }
    });
    let server = Server::bind("127.0.0.1:0").await.unwrap().with_engines(1);
    let addr = server.local_addr().unwrap();
    let serving = tokio::spawn(server.serve(service));
    let mut ending = listen_on(Connection::open(addr).await, "42").await;
    let stays = listen_on(Connection::open(addr).await, "43").await;

    IS_ARMED.store(true, Ordering::Relaxed);
    channels.close(&Token::new("42").unwrap()).unwrap();

    ending.expect_end().await;
    expect_failure(serving, stays).await;
}

/// Sees that the server ends by its engine's failure, and cuts the stream of `listener`.
async fn expect_failure(serving: JoinHandle<io::Result<()>>, mut listener: Listener) {
    let error = within(serving).await.unwrap().unwrap_err().to_string();

    assert!(error.starts_with("a delivery engine failed: "), "{error}");
    assert!(error.contains("it was meant to panic"), "{error}");
    assert_eq!(listener.next_block().await, Err(StreamEnd::Cut));
}

struct Panicking;

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        panic!("it was meant to panic");
    }
}

/// A body of middleware whose end is a panic, once that is wanted.
struct Mined(ResponseBody);

impl Body for Mined {
    type Data = Bytes;
    type Error = StreamCut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamCut>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl Drop for Mined {
    fn drop(&mut self) {
        if IS_ARMED.swap(false, Ordering::Relaxed) {
            panic!("it was meant to panic");
        }
    }
}

static IS_ARMED: AtomicBool = AtomicBool::new(false);
