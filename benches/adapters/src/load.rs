use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::source::{MARK, TICK};

/// What is asked of a server.
#[derive(Clone, Copy)]
pub struct Load {
    pub name: &'static str,
    pub streams: usize,
    pub events: usize,
    pub is_fast: bool,
}

impl Load {
    /// Opens the streams, then reads them to their ends. Returns the time that took.
    pub async fn run(self, addr: SocketAddr, started: impl FnOnce()) -> io::Result<Duration> {
        let mut opened = Vec::new();
        for _ in 0..self.streams {
            let stream = TcpStream::connect(addr).await?;
            stream.set_nodelay(true)?;
            opened.push(stream);
        }
        started();
        let begun = Instant::now();
        let mut readers = JoinSet::new();
        for stream in opened {
            readers.spawn(self.read(stream));
            if !self.is_fast {
                // Ticks that come all at once would be a burst, which is the other scenario.
                tokio::time::sleep(TICK / self.streams as u32).await;
            }
        }
        while let Some(read) = readers.join_next().await {
            let events = read.map_err(io::Error::other)??;
            if events != self.events {
                return Err(io::Error::other(format!("{events} of {} events", self.events)));
            }
        }
        Ok(begun.elapsed())
    }

    async fn read(self, mut stream: TcpStream) -> io::Result<usize> {
        let path = if self.is_fast { "fast" } else { "ticks" };
        let request = format!(
            "GET /{path}/{} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n",
            self.events
        );
        stream.write_all(request.as_bytes()).await?;
        let mut buffer = vec![0; 64 << 10];
        let mut events = 0;
        loop {
            let len = stream.read(&mut buffer).await?;
            if len == 0 {
                return Ok(events);
            }
            events += memchr::memchr_iter(MARK, &buffer[..len]).count();
        }
    }
}
