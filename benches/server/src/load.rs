use std::{
    io::{self, Write},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

/// What is asked of a server.
#[derive(Clone, Copy)]
pub struct Load {
    pub channels: usize,
    pub publishers: usize,
    pub events: usize,
    /// Lines of the head of each request, each with its line end.
    pub headers: &'static str,
}

impl Load {
    /// Opens one listener a channel, publishes all events, waits until each was read.
    ///
    /// Returns the time from the first POST to the last event read.
    pub async fn run(self, addr: SocketAddr, started: impl FnOnce()) -> io::Result<Duration> {
        let read = Arc::new(AtomicUsize::new(0));
        let mut listeners = JoinSet::new();
        for channel in 0..self.channels {
            let stream = listen(addr, channel, self.headers).await?;
            listeners.spawn(count(stream, read.clone()));
        }
        started();
        let begun = Instant::now();
        let mut publishers = JoinSet::new();
        for publisher in 0..self.publishers {
            publishers.spawn(self.publish(addr, publisher));
        }
        while let Some(published) = publishers.join_next().await {
            published.map_err(io::Error::other)??;
        }
        let all_read = async {
            while read.load(Ordering::Relaxed) < self.events {
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
        };
        if timeout(PATIENCE, all_read).await.is_err() {
            let read = read.load(Ordering::Relaxed);
            return Err(io::Error::other(format!("{read} of {} events arrived", self.events)));
        }
        Ok(begun.elapsed())
    }

    /// One connection that publishes its share, one event after the other.
    async fn publish(self, addr: SocketAddr, publisher: usize) -> io::Result<()> {
        let mut stream = connect(addr).await?;
        let mut answer = [0; 1024];
        for event in (publisher..self.events).step_by(self.publishers) {
            let channel = event % self.channels;
            let request = format!(
                "POST /ping/{channel} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\
                 Content-Length: {}\r\n{}\r\n{MARK}{FILL}",
                MARK.len() + FILL.len(),
                self.headers,
            );
            stream.write_all(request.as_bytes()).await?;
            let mut len = 0;
            while !answer[..len].ends_with(b"\r\n\r\n") {
                let read = stream.read(&mut answer[len..]).await?;
                if read == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                len += read;
            }
            if !answer.starts_with(b"HTTP/1.1 200") {
                let answer = String::from_utf8_lossy(&answer[..len]).into_owned();
                return Err(io::Error::other(answer));
            }
        }
        Ok(())
    }
}

/// One connection that publishes an event to each of `channels`, with `in_flight` requests that have no
/// answer yet: one is sent for each answer, those together whose answers came together.
pub async fn pipeline(
    addr: SocketAddr,
    channels: impl IntoIterator<Item = usize>,
    in_flight: usize,
) -> io::Result<()> {
    let mut stream = connect(addr).await?;
    let (mut requests, mut answers) = (Vec::new(), Vec::new());
    let (mut channels, mut unanswered) = (channels.into_iter(), 0);
    loop {
        requests.clear();
        for channel in channels.by_ref().take(in_flight - unanswered) {
            write!(
                requests,
                "POST /ping/{channel} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\
                 Content-Length: {}\r\n\r\n{MARK}{FILL}",
                MARK.len() + FILL.len(),
            )?;
            unanswered += 1;
        }
        if unanswered == 0 {
            return Ok(());
        }
        stream.write_all(&requests).await?;
        if stream.read_buf(&mut answers).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut read = 0;
        while let Some(end) = memmem::find(&answers[read..], b"\r\n\r\n") {
            let answer = &answers[read..][..end];
            if !answer.starts_with(b"HTTP/1.1 200") {
                return Err(io::Error::other(String::from_utf8_lossy(answer).into_owned()));
            }
            read += end + 4;
            unanswered -= 1;
        }
        answers.drain(..read);
    }
}

/// A connection that listens, with `headers` in its head, which has been answered.
pub async fn listen(addr: SocketAddr, channel: usize, headers: &str) -> io::Result<TcpStream> {
    let mut stream = connect(addr).await?;
    let request = format!("GET /poll/{channel} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    if head.starts_with(b"HTTP/1.1 200") {
        Ok(stream)
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&head).into_owned()))
    }
}

async fn count(mut stream: TcpStream, total: Arc<AtomicUsize>) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let len = stream.read(&mut buffer).await?;
        if len == 0 {
            return Ok(());
        }
        let events = memchr::memchr_iter(MARK.as_bytes()[0], &buffer[..len]).count();
        total.fetch_add(events, Ordering::Relaxed);
    }
}

async fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Stands once in each event, so that counting it counts events.
const MARK: &str = "@";

/// With the mark, 100 bytes of data.
const FILL: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

const PATIENCE: Duration = Duration::from_secs(30);
