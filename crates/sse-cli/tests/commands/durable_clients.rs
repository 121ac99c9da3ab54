//! Clients that come back with their last ID, whatever becomes of the server.

use std::{io, sync::Arc};

use sse_core::{Decoder, Item};
use sse_testkit::checker::CheckedClient;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use crate::durable::{LAST, Load, RETRY, channel};

/// A client of one channel.
pub(crate) struct Client {
    load: Arc<Load>,
    channel: String,
    checked: CheckedClient,
    decoder: Decoder,
}

impl Client {
    pub(crate) fn new(load: &Arc<Load>, number: usize) -> Self {
        let channel = channel(number);
        let checked = load.checker.client(&channel);
        Self { load: load.clone(), channel, checked, decoder: Decoder::new() }
    }

    /// Listens until the last event, with `query` as long as it has no ID.
    pub(crate) async fn run(mut self, query: &str) {
        while !self.listen(query).await.unwrap_or(false) {
            self.decoder.reset();
            sleep(RETRY).await;
        }
    }

    /// Listens on one connection. Returns whether the last event has come.
    async fn listen(&mut self, query: &str) -> io::Result<bool> {
        let mut connection = TcpStream::connect(self.load.addr()).await?;
        let (channel, last) = (&self.channel, self.decoder.last_event_id());
        // Without transfer codings: the body is the stream.
        let request = if last.is_empty() {
            format!("GET /poll/{channel}{query} HTTP/1.0\r\nHost: localhost\r\n\r\n")
        } else {
            format!(
                "GET /poll/{channel} HTTP/1.0\r\nHost: localhost\r\nLast-Event-ID: {last}\r\n\r\n"
            )
        };
        connection.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        let body = loop {
            if connection.read_buf(&mut bytes).await? == 0 {
                return Ok(false);
            }
            if let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
                break end + 4;
            }
        };
        if !bytes.starts_with(b"HTTP/1.0 200") && !bytes.starts_with(b"HTTP/1.1 200") {
            return Ok(false);
        }
        let last = Some(self.decoder.last_event_id()).filter(|last| !last.is_empty());
        self.checked.connect(last);
        bytes.drain(..body);
        while !self.read(&bytes) {
            bytes.clear();
            if connection.read_buf(&mut bytes).await? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn read(&mut self, mut bytes: &[u8]) -> bool {
        let mut is_last = false;
        while let Some(item) = self.decoder.decode(&mut bytes).unwrap() {
            if let Item::Event(event) = item {
                is_last = event.data() == LAST;
                self.checked.see(event);
            }
        }
        is_last
    }
}
