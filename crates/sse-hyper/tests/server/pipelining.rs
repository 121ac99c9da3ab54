//! Pipelined requests over a connection that is handed over and back, beside a plain model of what has
//! to be answered and what has to be done.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use sse_hyper::Server;
use sse_testkit::{Head, chunk};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::sleep};
use tower::service_fn;

use super::support::{read_to_close, within};

/// RFC 9112, Pipelining: requests are understood by their lengths and answered in their order.
#[tokio::test]
async fn random_pipelines_are_run_and_answered_as_a_plain_model_says() {
    for seed in 0..150 {
        let mut random = Random(seed + 1);
        let requests: Vec<_> =
            (0..2 + random.below(8)).map(|at| Asked::any(at, &mut random)).collect();
        let bytes: Vec<u8> =
            requests.iter().flat_map(|it| it.bytes.clone()).chain(LAST.bytes()).collect();

        let longest = [WHOLE, WHOLE, 20_000, 3_000][random.below(4)];
        let (answers, run) = play(&bytes, longest, &mut random).await;

        let expected_answers: Vec<_> = requests.iter().map(|it| it.answer.clone()).collect();
        let expected_run: Vec<_> = requests.iter().filter_map(|it| it.run.clone()).collect();
        assert_eq!(run, expected_run, "seed {seed}");
        assert_eq!(answers[..requests.len()], expected_answers, "seed {seed}");
        assert_eq!(answers[requests.len()..], ["bye"], "seed {seed}");
    }
}

/// The smallest of them: two hand-overs, the first of a head that is longer than one read.
#[tokio::test]
async fn a_request_in_the_body_of_a_request_is_not_run() {
    let inner = "POST /run/inner HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n".repeat(500);
    for long in (1..50_000).step_by(1_100) {
        let requests = [
            format!("GET /listen/1 HTTP/1.1\r\nHost: test\r\nX: {}\r\n\r\n", "x".repeat(long)),
            "GET /listen/1 HTTP/1.1\r\nHost: test\r\n\r\n".to_owned(),
            format!(
                "POST /run/outer HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n",
                inner.len()
            ),
            inner.clone(),
            LAST.to_owned(),
        ];

        let (answers, run) = play(requests.concat().as_bytes(), WHOLE, &mut Random(1)).await;

        assert_eq!(run, [("/run/outer".to_owned(), inner.clone())], "a head of {long} bytes");
        assert_eq!(answers[2..], ["ran /run/outer", "bye"], "a head of {long} bytes");
    }
}

/// A piece that is longer than all that is sent.
const WHOLE: usize = 1 << 30;

const LAST: &str = "GET /bye HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";

/// Path and body of each POST that was read to its end.
type Run = Vec<(String, String)>;

/// A request, and what has to come of it.
struct Asked {
    bytes: Vec<u8>,
    answer: String,
    run: Option<(String, String)>,
}

impl Asked {
    fn any(at: usize, random: &mut Random) -> Self {
        let fields = match random.below(4) {
            0 => format!("X-Long: {}\r\n", "x".repeat(7_000 + random.below(45_000))),
            1 => "Connection: keep-alive\r\n".to_owned(),
            _ => String::new(),
        };
        let kind = random.below(5);
        if kind < 2 {
            let events = random.below(4);
            return Self::get(&format!("/listen/{events}"), &fields, "data: 1\n\n".repeat(events));
        }
        if kind == 2 {
            return Self::get("/hello", &fields, "hello".to_owned());
        }
        let body = body(random);
        let path = format!("/run/{at}");
        let head = format!("POST {path} HTTP/1.1\r\nHost: test\r\n{fields}");
        let bytes = if kind == 3 {
            format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
        } else {
            let mut bytes = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
            for piece in body.as_bytes().chunks(1 + random.below(5_000)) {
                bytes.extend(chunk(piece));
            }
            bytes.extend(chunk(b""));
            bytes
        };
        Self { bytes, answer: format!("ran {path}"), run: Some((path, body)) }
    }

    fn get(path: &str, fields: &str, answer: String) -> Self {
        let bytes = format!("GET {path} HTTP/1.1\r\nHost: test\r\n{fields}\r\n").into_bytes();
        Self { bytes, answer, run: None }
    }
}

/// Text that would be requests, were it not a body.
fn body(random: &mut Random) -> String {
    let pieces = [
        "POST /run/evil HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n",
        "GET /listen/3 HTTP/1.1\r\nHost: test\r\n\r\n",
        "\r\n\r\n",
        "0\r\n\r\n",
        "data",
    ];
    (0..random.below(200)).map(|_| pieces[random.below(pieces.len())]).collect()
}

/// Sends `bytes` in pieces of up to `longest`, and returns the bodies of the answers and what was run.
async fn play(bytes: &[u8], longest: usize, random: &mut Random) -> (Vec<String>, Run) {
    let run = Arc::new(Mutex::new(Run::new()));
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let (addr, kept) = (server.local_addr().unwrap(), run.clone());
    let serving = tokio::spawn(server.serve(service_fn(move |it| answer(it, kept.clone()))));
    let stream = TcpStream::connect(addr).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let writing = async {
        let mut rest = bytes;
        while !rest.is_empty() {
            let len = (longest / 2 + random.below(longest)).min(rest.len());
            writing.write_all(&rest[..len]).await.unwrap();
            rest = &rest[len..];
            sleep(Duration::from_millis(random.below(2) as u64)).await;
        }
    };

    let (read, ()) = tokio::join!(read_to_close(&mut reading), within(writing));

    serving.abort();
    let run = run.lock().unwrap().clone();
    (bodies(&read), run)
}

async fn answer(
    request: Request<Incoming>,
    run: Arc<Mutex<Run>>,
) -> Result<Response<UnsyncBoxBody<Bytes, Infallible>>, Infallible> {
    let path = request.uri().path().to_owned();
    if let Some(count) = path.strip_prefix("/listen/") {
        let events = stream::unfold(count.parse::<u32>().unwrap(), |left| async move {
            // The next head may arrive meanwhile.
            sleep(Duration::from_millis(u64::from(left % 2))).await;
            let frame = Ok(Frame::data(Bytes::from_static(b"data: 1\n\n")));
            (0 < left).then_some((frame, left.wrapping_sub(1)))
        });
        return Ok(sse_core::response::event_stream(StreamBody::new(events).boxed_unsync()));
    }
    let text = if request.method() == Method::POST {
        match request.into_body().collect().await {
            Ok(body) => {
                let body = String::from_utf8(body.to_bytes().into()).unwrap();
                run.lock().unwrap().push((path.clone(), body));
                format!("ran {path}")
            }
            Err(_broken) => "broken".to_owned(),
        }
    } else {
        path[1..].to_owned()
    };
    Ok(Response::new(Full::from(text).boxed_unsync()))
}

/// The bodies of the answers that stand in `read` one behind the other.
fn bodies(mut read: &[u8]) -> Vec<String> {
    let mut bodies = Vec::new();
    while !read.is_empty() {
        let head = take_through(&mut read, b"\r\n\r\n");
        let head = Head::parse(str::from_utf8(head).unwrap());
        let mut body = Vec::new();
        if let Some(len) = head.field("content-length") {
            let (whole, rest) = read.split_at(len.parse().unwrap());
            body.extend(whole);
            read = rest;
        } else if head.status == 200 {
            loop {
                let size = take_through(&mut read, b"\r\n");
                let size = usize::from_str_radix(str::from_utf8(size).unwrap().trim(), 16).unwrap();
                let (data, rest) = read.split_at(size);
                (body, read) = ([&body, data].concat(), &rest[2..]);
                if size == 0 {
                    break;
                }
            }
        }
        bodies.push(String::from_utf8(body).unwrap());
    }
    bodies
}

fn take_through<'a>(read: &mut &'a [u8], mark: &[u8]) -> &'a [u8] {
    let at = read.windows(mark.len()).position(|it| it == mark);
    let at = at.unwrap_or_else(|| panic!("no {mark:?} in {:?}", String::from_utf8_lossy(read)));
    let (taken, rest) = read.split_at(at + mark.len());
    *read = rest;
    taken
}

/// A small generator (splitmix64), so that a seed names a case.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}
