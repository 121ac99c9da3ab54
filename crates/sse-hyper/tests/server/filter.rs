//! Which connections are let in, and what is kept with them.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use sse_hyper::{RemoteAddr, Server};
use sse_testkit::Log;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tower::service_fn;
use tracing::Level;

use super::{
    support::{
        TestServer, hello, http2, http2_get, read_head, read_to_close, request, text, within,
    },
    tls::Identity,
};

/// Lets in what `is_let_in` says of its number, from 0, and counts those that are there.
fn counting(
    server: Server,
    is_let_in: impl Fn(usize) -> bool + Send + Sync + 'static,
) -> (Server, Open) {
    let (open, number) = (Open::default(), AtomicUsize::new(0));
    let counted = open.clone();
    let server = server.with_connection_filter(move |_| {
        is_let_in(number.fetch_add(1, Ordering::Relaxed)).then(|| counted.add())
    });
    (server, open)
}

async fn start(configure: impl FnOnce(Server) -> Server) -> (TestServer, Open) {
    let mut open = None;
    let server = TestServer::start(|server| {
        let (server, counted) = counting(configure(server), |_| true);
        open = Some(counted);
        server
    });
    (server.await, open.unwrap())
}

/// How many connections there are.
#[derive(Clone, Default)]
struct Open(Arc<watch::Sender<usize>>);

impl Open {
    fn add(&self) -> Arc<Counted> {
        self.0.send_modify(|count| *count += 1);
        Arc::new(Counted(self.0.clone()))
    }

    fn count(&self) -> usize {
        *self.0.borrow()
    }

    async fn until(&self, count: usize) {
        within(self.0.subscribe().wait_for(|now| *now == count)).await.unwrap();
    }
}

#[derive(Debug)]
struct Counted(Arc<watch::Sender<usize>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[tokio::test]
async fn a_connection_that_is_not_let_in_is_closed_at_once_and_others_are_served() {
    let (log, _guard) = Log::start(Level::DEBUG);
    let server = TestServer::start(|server| counting(server, |number| number % 2 == 0).0).await;

    for _ in 0..3 {
        let mut served = server.connect().await;
        hello(&mut served).await;
        let mut refused = server.connect().await;
        // It has said nothing, and its time is not over.
        assert_eq!(within(refused.read(&mut [0])).await.unwrap(), 0);
        let mut other = server.connect().await;
        hello(&mut other).await;
        let mut talking = server.connect().await;
        let _broken = talking.write_all(request("/").as_bytes()).await;
        assert_eq!(read_to_close(&mut talking).await, b"");
        hello(&mut served).await;
    }

    assert_eq!((log.count("not let in"), log.count("DEBUG")), (6, 6));
    assert_eq!(log.count("WARN") + log.count("ERROR"), 0);
}

#[tokio::test]
async fn under_tls_it_is_closed_before_the_handshake() {
    let identity = Identity::new();
    let server = TestServer::start(|server| {
        counting(server, |number| number == 0).0.with_tls(identity.tls())
    });
    let server = server.await;

    hello(&mut identity.speak(server.connect().await, &[]).await).await;

    assert_eq!(within(server.connect().await.read(&mut [0])).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_kept_goes_with_the_connection_whatever_is_spoken_on_it() {
    let (server, open) = start(|server| server).await;
    let silent = server.connect().await;
    open.until(1).await;
    let mut plain = server.connect().await;
    hello(&mut plain).await;
    // Event streams are sent without hyper where they are the first answer.
    let handed_over = server.get("/events/silent").await;
    let mut kept = server.connect().await;
    hello(&mut kept).await;
    kept.write_all(request("/events/silent").as_bytes()).await.unwrap();
    read_head(&mut kept).await;
    let stuck = {
        let mut stream = server.connect().await;
        stream.write_all(request("/stuck").as_bytes()).await.unwrap();
        stream
    };
    let (mut client, connection) = http2(server.connect().await).await;
    let stream = http2_get(&mut client, "/events/silent").await;
    let answered = http2_get(&mut client, "/").await;
    assert_eq!(text(answered).await, "hello");
    open.until(6).await;
    server.bodies.until(3).await;
    assert_eq!(open.count(), 6, "they are there as long as their connections");

    for (left, end) in [
        (5, Box::new(move || drop(silent)) as Box<dyn FnOnce() + Send>),
        (4, Box::new(move || drop(plain))),
        (3, Box::new(move || drop(handed_over))),
        (2, Box::new(move || drop(kept))),
        (1, Box::new(move || drop(stuck))),
        (
            0,
            Box::new(move || {
                connection.abort();
                drop((client, stream));
            }),
        ),
    ] {
        end();
        open.until(left).await;
    }
}

#[tokio::test]
async fn under_tls_too_what_is_kept_goes_with_the_connection() {
    let identity = Identity::new();
    let (server, open) = start(|server| server.with_tls(identity.tls())).await;
    // One that never begins to speak TLS.
    let silent = server.connect().await;
    let mut http1 = identity.speak(server.connect().await, &[]).await;
    http1.write_all(request("/events/silent").as_bytes()).await.unwrap();
    read_head(&mut http1).await;
    let (mut client, connection) =
        http2(identity.speak(server.connect().await, &["h2"]).await).await;
    let stream = http2_get(&mut client, "/events/silent").await;
    let mut misled = server.connect().await;
    misled.write_all(request("/").as_bytes()).await.unwrap();
    read_to_close(&mut misled).await;
    drop(misled);
    open.until(3).await;

    drop(silent);
    open.until(2).await;
    drop(http1);
    open.until(1).await;
    connection.abort();
    drop((client, stream));
    open.until(0).await;
}

#[tokio::test]
async fn it_goes_with_a_connection_that_the_server_ends() {
    let (server, open) =
        start(|server| server.with_header_timeout(Duration::from_millis(50))).await;
    let late = server.connect().await;
    open.until(1).await;
    open.until(0).await;
    drop(late);

    let (server, open) =
        start(|server| server.with_shutdown_timeout(Duration::from_millis(50))).await;
    let _streams = [server.get("/events/silent").await, server.get("/silent").await];
    let (mut client, _connection) = http2(server.connect().await).await;
    let _stream = http2_get(&mut client, "/silent").await;
    open.until(3).await;
    within(server.stop()).await.unwrap();
    open.until(0).await;
}

/// Answers with what it is told of the connection.
async fn serve(server: Server) -> SocketAddr {
    let addr = server.local_addr().unwrap();
    let service = service_fn(async |request: Request<Incoming>| {
        let told = request.extensions().get::<Told>();
        let remote = request.extensions().get::<RemoteAddr>().is_some();
        let text = told.map_or_else(|| "untold".to_owned(), |told| told.0.to_string());
        let text = format!("{text} {remote}");
        if request.uri().path() != "/events" {
            return Ok::<_, Infallible>(Response::new(Full::new(text.into())));
        }
        let body = Full::<bytes::Bytes>::from(format!("data: {text}\n\n"));
        Ok(Response::builder().header("content-type", "text/event-stream").body(body).unwrap())
    });
    tokio::spawn(server.serve(service));
    addr
}

#[derive(Clone, Debug)]
struct Told(SocketAddr);

#[tokio::test]
async fn every_request_is_told_what_the_filter_has_made_of_its_connection() {
    for is_remote_told in [true, false] {
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let server = server.with_remote_addr(is_remote_told);
        let addr = serve(server.with_connection_filter(|peer| Some(Told(peer)))).await;

        let mut stream = TcpStream::connect(addr).await.unwrap();
        let expected = format!("{} {is_remote_told}", stream.local_addr().unwrap());
        for path in ["/events", "/", "/", "/events"] {
            stream.write_all(request(path).as_bytes()).await.unwrap();
            read_head(&mut stream).await;
            let expected =
                if path == "/" { expected.clone() } else { format!("data: {expected}\n\n") };
            let mut body = vec![0; expected.len()];
            within(stream.read_exact(&mut body)).await.unwrap();
            assert_eq!(String::from_utf8(body).unwrap(), expected);
        }

        let stream = TcpStream::connect(addr).await.unwrap();
        // Streams of HTTP/2 are told the address in any case.
        let expected = format!("{} true", stream.local_addr().unwrap());
        let (mut client, _connection) = http2(stream).await;
        for _ in 0..2 {
            assert_eq!(text(http2_get(&mut client, "/").await).await, expected);
        }
    }
}

#[tokio::test]
async fn the_filter_is_asked_by_the_address_of_each_client_once() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let peers = asked.clone();
    let server = TestServer::start(|server| {
        server.with_connection_filter(move |peer| {
            peers.lock().unwrap().push(peer);
            Some(())
        })
    });
    let server = server.await;
    let mut streams = [server.connect().await, server.connect().await];

    for stream in &mut streams {
        hello(stream).await;
        hello(stream).await;
    }

    let expected = streams.map(|stream| stream.local_addr().unwrap());
    assert_eq!(*asked.lock().unwrap(), expected);
}

#[tokio::test]
async fn connections_of_a_listener_of_ones_own_are_not_asked_about() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = Server::from_listener(listener);
    let _server = TestServer::start_on(server.with_connection_filter(|_| None::<()>));

    hello(&mut TcpStream::connect(addr).await.unwrap()).await;
}
