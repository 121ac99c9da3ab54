//! Requests that no service is to see, whatever the service is.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use sse_hyper::Server;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinHandle};
use tower::service_fn;

use super::{
    frames::Frames,
    support::{read_to_close, within},
};

/// RFC 9112, Request Target: no other target than a path, an http URL, or `*` with OPTIONS.
#[tokio::test]
async fn a_target_is_a_path_or_a_url_or_the_asterisk_of_options() {
    let cases = [
        ("GET / HTTP/1.1", 200),
        ("GET /a?b HTTP/1.1", 200),
        ("GET //a HTTP/1.1", 200),
        ("GET http://test HTTP/1.1", 200),
        ("GET http://test?a HTTP/1.1", 200),
        ("GET https://other:1/a HTTP/1.1", 200),
        ("OPTIONS * HTTP/1.1", 200),
        ("OPTIONS http://test HTTP/1.1", 200),
        ("GET * HTTP/1.1", 400),
        ("POST * HTTP/1.1", 400),
        ("OPTIONS *x HTTP/1.1", 400),
        ("GET x HTTP/1.1", 400),
        ("GET x HTTP/1.0", 400),
        ("GET x/y HTTP/1.1", 400),
        ("GET test:80 HTTP/1.1", 400),
        ("OPTIONS test HTTP/1.1", 400),
        ("GET ?a HTTP/1.1", 400),
        ("GET ftp://test/ HTTP/1.1", 400),
        ("GET http:///a HTTP/1.1", 400),
        ("GET http://:80/a HTTP/1.1", 400),
        ("GET http://me@test/a HTTP/1.1", 400),
        ("GET test:80/a HTTP/1.1", 400),
        ("GET  HTTP/1.1", 400),
        ("CONNECT test:1 HTTP/1.1", 501),
        ("CONNECT test HTTP/1.1", 501),
        ("CONNECT / HTTP/1.1", 501),
        ("CONNECT http://test/ HTTP/1.1", 501),
        ("CONNECT * HTTP/1.1", 501),
    ];
    let service = Counted::start().await;
    for (line, expected) in cases {
        service.expect(&format!("{line}\r\nHost: test\r\n"), "", expected).await;
    }
}

/// RFC 9112, Request Target: exactly one valid field, and HTTP/1.0 may do without.
#[tokio::test]
async fn http_1_1_names_one_valid_host() {
    let cases = [
        ("GET / HTTP/1.1\r\nHost: test\r\n", 200),
        ("GET / HTTP/1.1\r\nhOST:[::1]:8888 \r\n", 200),
        ("GET / HTTP/1.0\r\n", 200),
        ("GET / HTTP/1.0\r\nHost: test\r\n", 200),
        ("GET / HTTP/1.1\r\n", 400),
        ("GET http://test/ HTTP/1.1\r\n", 400),
        ("GET / HTTP/1.1\r\nHost:\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: http://a\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: me@a\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a:b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [::1\r\n", 400),
        ("GET / HTTP/1.0\r\nHost: a b\r\n", 400),
    ];
    let service = Counted::start().await;
    for (head, expected) in cases {
        service.expect(head, "", expected).await;
    }
}

/// RFC 9112, Transfer-Encoding: chunked once, and nothing else that would have to be understood.
#[tokio::test]
async fn chunked_is_the_only_coding_and_stands_once() {
    let body = "2\r\nhi\r\n0\r\n\r\n";
    let cases = [
        ("Transfer-Encoding: chunked\r\n", 200),
        ("Transfer-Encoding: , Chunked\r\n", 200),
        ("Transfer-Encoding: chunked, chunked\r\n", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: chunked, gzip, chunked\r\n", 400),
        ("Transfer-Encoding: gzip, chunked\r\n", 501),
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501),
        ("Transfer-Encoding: identity, chunked\r\n", 501),
        ("Transfer-Encoding: gzip\r\n", 400),
        ("Transfer-Encoding: identity\r\n", 400),
        ("Transfer-Encoding: chunked, gzip\r\n", 400),
        ("Transfer-Encoding: chunked;q=1\r\n", 400),
        ("Transfer-Encoding: \x0bchunked\r\n", 400),
        ("Transfer-Encoding:\r\n", 400),
    ];
    let service = Counted::start().await;
    for (field, expected) in cases {
        let head = format!("POST / HTTP/1.1\r\nHost: test\r\n{field}");
        service.expect(&head, body, expected).await;
    }
    let old = "POST / HTTP/1.0\r\nHost: test\r\nTransfer-Encoding: chunked\r\n";
    service.expect(old, body, 400).await;
}

/// RFC 9112, Message Body Length: where it is not certain, there is no body.
#[tokio::test]
async fn a_length_is_one_number() {
    let cases = [
        ("Content-Length: 2\r\n", 200),
        ("Content-Length: 2\r\nContent-Length: 2\r\n", 200),
        ("Content-Length: 2\r\nContent-Length: 3\r\n", 400),
        ("Content-Length: 2, 3\r\n", 400),
        ("Content-Length: +2\r\n", 400),
        ("Content-Length: 0x2\r\n", 400),
        ("Content-Length: -1\r\n", 400),
        ("Content-Length: 99999999999999999999\r\n", 400),
        ("Content-Length : 2\r\n", 400),
    ];
    let service = Counted::start().await;
    for (field, expected) in cases {
        service.expect(&format!("POST / HTTP/1.1\r\nHost: test\r\n{field}"), "hi", expected).await;
    }
}

/// RFC 9112, Transfer-Encoding: a length beside it is not looked at, and the connection ends.
#[tokio::test]
async fn a_length_beside_chunks_ends_the_connection() {
    let service = Counted::start().await;
    for fields in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    ] {
        let head = format!("POST / HTTP/1.1\r\nHost: test\r\n{fields}");
        let next = "2\r\nhi\r\n0\r\n\r\nPOST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n";
        service.expect(&head, next, 200).await;
    }
}

/// RFC 9112, Chunked Transfer Coding.
#[tokio::test]
async fn chunks_that_break_the_rules_are_refused_and_nothing_behind_them_is_run() {
    let cases = [
        ("2\r\nhi\r\n0\r\n\r\n", 200),
        ("2;a=b\r\nhi\r\n0;c\r\nX: 1\r\n\r\n", 200),
        ("0000000000000002\r\nhi\r\n0000000000000000\r\n\r\n", 200),
        ("00000000000000002\r\nhi\r\n0\r\n\r\n", 400),
        ("2\r\nhi\r\n00000000000000000\r\n\r\n", 400),
        ("10000000000000002\r\nhi\r\n0\r\n\r\n", 400),
        ("\r\nhi\r\n0\r\n\r\n", 400),
        ("-2\r\nhi\r\n0\r\n\r\n", 400),
        ("0x2\r\nhi\r\n0\r\n\r\n", 400),
        ("2 2\r\nhi\r\n0\r\n\r\n", 400),
        ("2\nhi\r\n0\r\n\r\n", 400),
        ("2;a\nhi\r\n0\r\n\r\n", 400),
        ("2\r\nhi0\r\n\r\n", 400),
        ("2\r\nhi\n0\r\n\r\n", 400),
        ("2\r\nhi\r\n0\r\nX: 1\n\r\n", 400),
        ("g\r\nhi\r\n0\r\n\r\n", 400),
    ];
    let service = Counted::start().await;
    let head = "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n";
    for (body, expected) in cases {
        if expected == 200 {
            service.expect(head, body, expected).await;
        } else {
            let hidden = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n";
            service.expect(head, &format!("{body}{hidden}"), expected).await;
        }
    }
}

#[tokio::test]
async fn a_size_of_endless_zeros_is_not_waited_for() {
    let service = Counted::start().await;
    let mut stream = TcpStream::connect(service.addr).await.unwrap();
    let head = "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";

    stream.write_all(format!("{head}{}", "0".repeat(17)).as_bytes()).await.unwrap();

    assert!(read_to_close(&mut stream).await.starts_with(b"HTTP/1.1 400 "));
}

/// RFC 9113, Request Pseudo-Header Fields.
#[tokio::test]
async fn http_2_names_a_path_and_one_host() {
    let (get, http, test) = ((":method", "GET"), (":scheme", "http"), (":authority", "test"));
    let cases: [(&[(&str, &str)], bool); 17] = [
        (&[get, http, test, (":path", "/")], true),
        (&[get, http, test, (":path", "/a?b"), ("host", "TEST:80")], true),
        (&[get, http, (":path", "/"), ("host", "test")], true),
        (&[(":method", "OPTIONS"), http, test, (":path", "*")], true),
        (&[get, http, test], false),
        (&[get, http], false),
        (&[get, test], false),
        (&[get, test, (":path", "/")], false),
        (&[http, test, (":path", "/")], false),
        (&[get, http, test, (":path", "")], false),
        (&[get, http, test, (":path", "x")], false),
        (&[get, http, test, (":path", "?x")], false),
        (&[get, http, test, (":path", "*")], false),
        (&[get, http, (":path", "/")], false),
        (&[get, http, test, (":path", "/"), ("host", "other")], false),
        (&[get, http, (":path", "/"), ("host", "a"), ("host", "b")], false),
        (&[get, http, (":authority", "me@test"), (":path", "/")], false),
    ];
    let service = Counted::start().await;
    for (fields, is_served) in cases {
        let calls = service.calls();
        let stream = TcpStream::connect(service.addr).await.unwrap();
        let mut frames = Frames::open(stream, 65_535).await;

        frames.request(1, fields).await;

        let answer = frames.next().await;
        assert_eq!(answer.is_none_or(|it| it.is_refusal()), !is_served, "{fields:?}");
        assert_eq!(service.calls() - calls, usize::from(is_served), "{fields:?}");
    }
}

#[tokio::test]
async fn http_2_has_no_tunnel() {
    let service = Counted::start().await;
    let stream = TcpStream::connect(service.addr).await.unwrap();
    let mut frames = Frames::open(stream, 65_535).await;

    frames.request(1, &[(":method", "CONNECT"), (":authority", "test:1")]).await;

    assert!(frames.next().await.is_some());
    assert_eq!(service.calls(), 0);
}

/// A service that reads each request to its end, and counts those that it got whole.
struct Counted {
    addr: std::net::SocketAddr,
    calls: Arc<AtomicUsize>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Counted {
    async fn start() -> Self {
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let (addr, calls) = (server.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let counted = calls.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let counted = counted.clone();
            async move {
                if request.into_body().collect().await.is_ok() {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, Infallible>(Response::new("served".to_owned()))
            }
        });
        Self { addr, calls, serving: tokio::spawn(server.serve(service)) }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Sends a request, and sees the status of the one answer before the connection ends.
    async fn expect(&self, head: &str, body: &str, status: u16) {
        let calls = self.calls();
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        // What is served without complaint has to be asked to end.
        let close = if status == 200 { "Connection: close\r\n" } else { "" };
        stream.write_all(format!("{head}{close}\r\n{body}").as_bytes()).await.unwrap();

        let read = String::from_utf8(within(read_to_close(&mut stream)).await).unwrap();

        let answers: Vec<_> = read.lines().filter(|line| line.contains("HTTP/1.")).collect();
        let is_one = matches!(answers[..], [line] if line.contains(&format!(" {status} ")));
        assert!(is_one, "{head:?} {body:?}: {answers:?}");
        let served = self.calls() - calls;
        assert_eq!(served, usize::from(status == 200), "{head:?} {body:?}");
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
