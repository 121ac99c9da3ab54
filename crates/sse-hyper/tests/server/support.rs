//! A server of a small service, and clients for it.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, client::conn::http2::SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sse_hyper::{RemoteAddr, Server};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::{oneshot, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tower_service::Service;

pub(crate) struct TestServer {
    pub(crate) addr: SocketAddr,
    pub(crate) bodies: Bodies,
    pub(crate) held: Held,
    pub(crate) serving: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl TestServer {
    pub(crate) async fn start(configure: impl FnOnce(Server) -> Server) -> Self {
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let addr = server.local_addr().unwrap();
        Self { addr, ..Self::start_on(configure(server)) }
    }

    /// The service on `server`, wherever that listens.
    pub(crate) fn start_on(server: Server) -> Self {
        let (stop, stopped) = oneshot::channel();
        let server = server.with_graceful_shutdown(async {
            if stopped.await.is_err() {
                std::future::pending().await
            }
        });
        let service = TestService::default();
        let TestService { bodies, held } = service.clone();
        let serving = tokio::spawn(async move { server.serve(service).await.unwrap() });
        let addr = ([0, 0, 0, 0], 0).into();
        Self { addr, bodies, held, serving, stop }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// A connection on which `GET {path}` was sent and the head of the answer has come.
    pub(crate) async fn get(&self, path: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(request(path).as_bytes()).await.unwrap();
        read_head(&mut stream).await;
        stream
    }

    /// Starts the shutdown; the result ends with the server.
    pub(crate) fn stop(self) -> JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.serving
    }
}

/// How many streaming bodies there are.
#[derive(Clone)]
pub(crate) struct Bodies(Arc<watch::Sender<usize>>);

impl Bodies {
    pub(crate) async fn until(&self, count: usize) {
        within(self.0.subscribe().wait_for(|now| *now == count)).await.unwrap();
    }

    fn add(&self) -> BodyGuard {
        self.0.send_modify(|count| *count += 1);
        BodyGuard(self.clone())
    }
}

impl Default for Bodies {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

/// Answers, and ends of answers, that wait for the test.
#[derive(Clone)]
pub(crate) struct Held {
    waiting: Arc<watch::Sender<usize>>,
    is_released: Arc<watch::Sender<bool>>,
}

impl Held {
    /// Until so many wait, or have waited.
    pub(crate) async fn until(&self, count: usize) {
        within(self.waiting.subscribe().wait_for(|now| *now == count)).await.unwrap();
    }

    pub(crate) fn release(&self) {
        self.is_released.send_replace(true);
    }

    async fn wait(self) {
        self.waiting.send_modify(|count| *count += 1);
        self.is_released.subscribe().wait_for(|it| *it).await.unwrap();
    }
}

impl Default for Held {
    fn default() -> Self {
        Self {
            waiting: Arc::new(watch::Sender::new(0)),
            is_released: Arc::new(watch::Sender::new(false)),
        }
    }
}

struct BodyGuard(Bodies);

impl Drop for BodyGuard {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

/// A body that sends `open`, then either nothing or zeros, and never ends.
struct Endless {
    opened: bool,
    is_silent: bool,
    _guard: BodyGuard,
}

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !std::mem::replace(&mut self.opened, true) {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"open")))));
        }
        if self.is_silent {
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0; 8 * 1024])))))
    }
}

#[derive(Clone, Default)]
struct TestService {
    bodies: Bodies,
    held: Held,
}

impl TestService {
    fn endless(&self, is_silent: bool) -> UnsyncBoxBody<Bytes, Infallible> {
        Endless { opened: false, is_silent, _guard: self.bodies.add() }.boxed_unsync()
    }

    async fn answer(
        self,
        request: Request<Incoming>,
    ) -> Result<Response<UnsyncBoxBody<Bytes, Infallible>>, Infallible> {
        let remote = request.extensions().get::<RemoteAddr>().map(RemoteAddr::addr);
        let body = match request.uri().path() {
            "/silent" => self.endless(true),
            "/endless" => self.endless(false),
            "/events" => return Ok(event_stream(events())),
            "/events/held" => return Ok(event_stream(held_events(self.held))),
            "/held/events" => {
                self.held.wait().await;
                return Ok(event_stream(events()));
            }
            "/held" => {
                self.held.wait().await;
                full("held")
            }
            "/slow/events" => {
                sleep(Duration::from_millis(300)).await;
                return Ok(event_stream(events()));
            }
            "/events/silent" => return Ok(event_stream(self.endless(true))),
            "/events/endless" => return Ok(event_stream(self.endless(false))),
            "/slow" => {
                sleep(Duration::from_millis(300)).await;
                full("slow")
            }
            "/stuck" => std::future::pending().await,
            "/remote" => full(remote.map_or_else(|| "untold".into(), |addr| addr.to_string())),
            // A body is read to its end before it is answered.
            "/echo" => Full::new(collected(request).await).boxed_unsync(),
            "/echo/hello" => {
                collected(request).await;
                full("hello")
            }
            "/empty" => Empty::new().boxed_unsync(),
            "/broken" => panic!("a service that fails"),
            "/refuse" => {
                let mut response = Response::new(full("refused"));
                *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
                return Ok(response);
            }
            _ => full("hello"),
        };
        Ok(Response::new(body))
    }
}

impl Service<Request<Incoming>> for TestService {
    type Response = Response<UnsyncBoxBody<Bytes, Infallible>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        Box::pin(self.clone().answer(request))
    }
}

/// The service on its own, its bodies uncounted.
pub(crate) fn service() -> impl Service<
    Request<Incoming>,
    Response = Response<UnsyncBoxBody<Bytes, Infallible>>,
    Error = Infallible,
    Future: Send + 'static,
> + Clone
+ Send
+ 'static {
    TestService::default()
}

/// Two events in three frames, one of them empty, and an end.
fn events() -> UnsyncBoxBody<Bytes, Infallible> {
    let frames = ["data: 1\n\n", "", "data: 2\n\n"].map(|text| Ok(Frame::data(text.into())));
    StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
}

/// An event, and another one that waits for the test.
fn held_events(held: Held) -> UnsyncBoxBody<Bytes, Infallible> {
    let later = async {
        held.wait().await;
        Ok(Frame::data("data: 2\n\n".into()))
    };
    let first = futures_util::stream::iter([Ok(Frame::data("data: 1\n\n".into()))]);
    StreamBody::new(first.chain(futures_util::stream::once(later))).boxed_unsync()
}

fn event_stream(
    body: UnsyncBoxBody<Bytes, Infallible>,
) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
    sse_core::response::event_stream(body)
}

async fn collected(request: Request<Incoming>) -> Bytes {
    request.into_body().collect().await.unwrap().to_bytes()
}

fn full(text: impl Into<Bytes>) -> UnsyncBoxBody<Bytes, Infallible> {
    Full::new(text.into()).boxed_unsync()
}

pub(crate) fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")
}

/// Everything up to the end, be it clean or not.
pub(crate) async fn read_to_close(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut read = Vec::new();
    let _ = within(stream.read_to_end(&mut read)).await;
    read
}

/// The head, and no byte more.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// One whole answer that is `hello`.
pub(crate) async fn hello(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    stream.write_all(request("/").as_bytes()).await.unwrap();
    assert!(read_head(stream).await.starts_with("HTTP/1.1 200"));
    let mut body = [0; 5];
    within(stream.read_exact(&mut body)).await.unwrap();
    assert_eq!(&body, b"hello");
}

/// An HTTP/2 client on `io`, and its connection, which ends with the server's.
pub(crate) async fn http2<T>(io: T) -> (SendRequest<Empty<Bytes>>, JoinHandle<hyper::Result<()>>)
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io))
            .await
            .unwrap();
    (client, tokio::spawn(connection))
}

pub(crate) async fn http2_get(
    client: &mut SendRequest<Empty<Bytes>>,
    path: &str,
) -> Response<Incoming> {
    let uri = format!("http://test{path}");
    let request = Request::get(uri).body(Empty::new()).unwrap();
    within(poll_fn(|cx| client.poll_ready(cx))).await.unwrap();
    within(client.send_request(request)).await.unwrap()
}

pub(crate) async fn text(response: Response<Incoming>) -> String {
    let body = within(response.into_body().collect()).await.unwrap().to_bytes();
    String::from_utf8(body.into()).unwrap()
}

/// What takes this long hangs.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("it hangs")
}
