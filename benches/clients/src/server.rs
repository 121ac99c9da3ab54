use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};

/// What one connection is answered.
pub(crate) enum Reply {
    /// These bytes, and the end.
    Ended(String),
    /// These bytes, and nothing more.
    Held(String),
    /// These bytes and the end, and then nobody listens for a while.
    Away(String, Duration),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) at: Instant,
    head: String,
}

impl Request {
    /// The value of a field, which may be empty.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = fields.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value.trim())
    }

    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }
}

#[derive(Clone, Default)]
pub(crate) struct Requests(Arc<Mutex<Vec<Request>>>);

impl Requests {
    pub(crate) fn taken(&self) -> Vec<Request> {
        self.0.lock().expect("nothing panics under this lock").clone()
    }

    /// Keeps a request; says how many there were before.
    fn push(&self, request: Request) -> usize {
        let mut requests = self.0.lock().expect("nothing panics under this lock");
        requests.push(request);
        requests.len() - 1
    }
}

/// Answers each connection on `listener` as `reply` says of its number and its request.
pub(crate) async fn serve(
    listener: TcpListener,
    reply: fn(usize, &Request) -> Reply,
    requests: Requests,
) {
    let addr = listener.local_addr().expect("a listener has an address");
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    let (away, mut is_away) = tokio::sync::mpsc::unbounded_channel::<Duration>();
    while let Some(listening) = &listener {
        tokio::select! {
            accepted = listening.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                while connections.try_join_next().is_some() {}
                let away = away.clone();
                connections.spawn(answer(stream, reply, requests.clone(), away));
            }
            Some(time) = is_away.recv() => {
                drop(listener.take());
                sleep(time).await;
                listener = TcpListener::bind(addr).await.ok();
            }
        }
    }
}

async fn answer(
    mut stream: TcpStream,
    reply: fn(usize, &Request) -> Reply,
    requests: Requests,
    away: tokio::sync::mpsc::UnboundedSender<Duration>,
) {
    let Some(request) = request(&mut stream).await else { return };
    let number = requests.push(request.clone());
    let bytes = match reply(number, &request) {
        Reply::Ended(bytes) => bytes,
        Reply::Held(bytes) => {
            let _gone = stream.write_all(bytes.as_bytes()).await;
            let _closed = stream.read(&mut [0; 64]).await;
            return;
        }
        Reply::Away(bytes, time) => {
            let _over = away.send(time);
            bytes
        }
    };
    let _gone = stream.write_all(bytes.as_bytes()).await;
    let _gone = stream.shutdown().await;
    while stream.read(&mut [0; 64]).await.is_ok_and(|read| 0 < read) {}
}

/// The next request on `stream`.
pub(crate) async fn request(stream: &mut TcpStream) -> Option<Request> {
    stream.set_nodelay(true).ok()?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(Request { at: Instant::now(), head: String::from_utf8_lossy(&head).into_owned() })
}
