use std::{io, net::SocketAddr, time::Duration};

use sse_testkit::cluster::RedisServer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A connection that says and reads lines.
pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self(TcpStream::connect(addr).await.unwrap())
    }

    /// One that has subscribed to the channel `news`, with RESP3.
    pub(crate) async fn subscribed(addr: SocketAddr) -> Self {
        let mut client = Self::connect(addr).await;
        client.send("HELLO 3").await;
        client.until("modules\r\n*0\r\n").await;
        client.send("SUBSCRIBE news").await;
        client.until("$4\r\nnews\r\n:1\r\n").await;
        client
    }

    /// Sends words as a command.
    pub(crate) async fn send(&mut self, command: &str) {
        let words: Vec<_> = command.split(' ').collect();
        let mut bytes = format!("*{}\r\n", words.len());
        for word in words {
            bytes += &format!("${}\r\n{word}\r\n", word.len());
        }
        self.write(&bytes).await.unwrap();
    }

    pub(crate) async fn write(&mut self, text: &str) -> io::Result<()> {
        self.0.write_all(text.as_bytes()).await
    }

    /// What comes until `end` has come.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        let reading = async {
            while !read.ends_with(end.as_bytes()) {
                read.push(self.0.read_u8().await.unwrap());
            }
        };
        let in_time = timeout(Duration::from_secs(30), reading).await;
        assert!(
            in_time.is_ok(),
            "{end:?} does not come, but {:?}",
            read.escape_ascii().to_string()
        );
        String::from_utf8(read).unwrap()
    }

    /// Whether `PING` is answered.
    pub(crate) async fn ping(&mut self) {
        self.send("PING").await;
        self.until("PONG\r\n").await;
    }

    /// Nothing comes for a while, and the connection stays.
    pub(crate) async fn is_silent(&mut self) {
        let read = timeout(Duration::from_millis(100), self.0.read_u8()).await;
        assert!(read.is_err(), "{read:?}");
    }

    /// The connection ends, and nothing comes before.
    pub(crate) async fn ends(&mut self) {
        let read = timeout(Duration::from_secs(30), self.0.read_u8()).await;
        assert!(matches!(read, Ok(Err(_))), "{read:?}");
    }
}

/// Publishes one message to the one who has subscribed.
pub(crate) fn publish(redis: &RedisServer, text: &str) {
    assert_eq!(redis.command(&["PUBLISH", "news", text]).integer(), 1);
}

/// The end of a message that says `text`.
pub(crate) fn message(text: &str) -> String {
    format!("$4\r\nnews\r\n${}\r\n{text}\r\n", text.len())
}
