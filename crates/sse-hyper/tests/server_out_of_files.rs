//! A server that runs out of file descriptors. A test binary of its own: the limit is the process's.
#![cfg(all(feature = "server", unix))]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex},
    task::{Context, Poll},
    thread::sleep,
    time::Duration,
};

use http::{Request, Response};
use hyper::body::Incoming;
use rlimit::Resource;
use sse_hyper::Server;
use tower_service::Service;

#[test]
fn server_that_ran_out_of_files_goes_on_once_there_are_some() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
    let addr = serve();
    let mut accepted = TcpStream::connect(addr).unwrap();
    hello(&mut accepted).unwrap();

    for _ in 0..2 {
        let clients = exhaust(addr);
        // Long enough for several attempts.
        sleep(Duration::from_millis(500));

        // Those that were accepted are served all the while.
        hello(&mut accepted).unwrap();
        drop(clients);

        // The server takes what waited in the backlog before it sees that it was closed.
        let mut late = loop {
            match TcpStream::connect(addr) {
                Ok(stream) => break stream,
                Err(error) => assert_is_out_of_files(&error),
            }
            sleep(Duration::from_millis(10));
        };
        hello(&mut late).unwrap();
    }

    // Once an outage, not once an attempt.
    let warnings = log.count("cannot accept connections");
    assert!((1..=2).contains(&warnings), "{warnings}");
}

/// Connects until no more sockets can be made, on either side.
fn exhaust(addr: SocketAddr) -> Vec<TcpStream> {
    let (_, hard) = Resource::NOFILE.get().unwrap();
    Resource::NOFILE.set(100, hard).unwrap();
    let mut clients = Vec::new();
    loop {
        match TcpStream::connect(addr) {
            Ok(client) => clients.push(client),
            Err(error) => {
                assert_is_out_of_files(&error);
                return clients;
            }
        }
    }
}

fn assert_is_out_of_files(error: &io::Error) {
    assert_eq!(error.raw_os_error(), Some(TOO_MANY_OPEN_FILES), "{error}");
}

fn serve() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    std::thread::spawn(|| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(async { Server::from_std(listener).unwrap().serve(Hello).await })
    });
    addr
}

fn hello(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(REQUEST)?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"hello") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        answer.extend(byte);
    }
    Ok(())
}

#[derive(Clone)]
struct Hello;

impl Service<Request<Incoming>> for Hello {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Incoming>) -> Self::Future {
        ready(Ok(Response::new("hello".to_owned())))
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn count(&self, text: &str) -> usize {
        String::from_utf8_lossy(&self.0.lock().unwrap()).matches(text).count()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n";
const TOO_MANY_OPEN_FILES: i32 = 24;
