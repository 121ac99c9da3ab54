use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::{
    Connection, Head,
    connection::{Piece, take},
    response::Framing,
};

/// A connection on which an event stream was opened.
///
/// ```no_run
/// # async fn example(target: &sse_testkit::Target) {
/// let mut listener = target.listen("42").await;
/// target.publish("ping", "42", b"hi").await;
/// listener.expect("event: ping\ndata: hi\n\n").await;
/// # }
/// ```
#[derive(Debug)]
pub struct Listener {
    connection: Connection,
    head: Head,
    framing: Framing,
    unread: Vec<u8>,
    end: Option<StreamEnd>,
}

impl Listener {
    /// The stream that begins on `connection` after `head`.
    pub fn new(connection: Connection, head: Head) -> Self {
        let framing = head.framing();
        Self { connection, head, framing, unread: Vec::new(), end: None }
    }

    /// The same stream behind the block that opens it.
    ///
    /// # Panics
    ///
    /// If it does not begin with `event: sse.open` for a listener that brought no ID.
    pub async fn opened(mut self) -> Self {
        let block = self.block().await;
        match self.head.field("sse-last-event-id") {
            Some(anchor) => {
                let end = format!("\ndata: {{\"resume\":\"fresh\"}}\nid: {anchor}\n\n");
                assert!(block.starts_with("event: sse.open\nretry: "), "{block:?}");
                assert!(block.ends_with(&end), "{block:?}");
            }
            None => assert_eq!(block, OPEN),
        }
        self
    }

    /// The head before the stream.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The connection below the stream.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Reads as many bytes as `expected` has, and compares them.
    ///
    /// # Panics
    ///
    /// If they differ, or the stream ends before.
    pub async fn expect(&mut self, expected: &str) {
        while self.unread.len() < expected.len() {
            let so_far = &expected.as_bytes()[..self.unread.len()];
            assert_eq!(shown(&self.unread), shown(so_far), "what has come of {expected:?}");
            if let Some(end) = self.fill().await {
                panic!("{end:?} before {expected:?}; there was {:?}", shown(&self.unread));
            }
        }
        let come = take(&mut self.unread, expected.len());
        assert!(
            come == expected.as_bytes(),
            "expected {:?}, got {:?}",
            shown(expected.as_bytes()),
            shown(&come),
        );
    }

    /// Reads as many bytes as `expected` has, and compares them as they come, for streams that are long.
    ///
    /// # Panics
    ///
    /// If they differ, or the stream ends before, or more comes with the last of them.
    pub async fn expect_stream(&mut self, expected: &[u8]) {
        let mut left = expected;
        loop {
            let come = std::mem::take(&mut self.unread);
            let Some(rest) = left.strip_prefix(&come[..]) else {
                panic!("expected {:?}, got {:?}", shown(left), shown(&come));
            };
            left = rest;
            if left.is_empty() {
                return;
            }
            if let Some(end) = self.fill().await {
                panic!("{end:?} before {:?}", shown(left));
            }
        }
    }

    /// The next block, with the blank line that ends it.
    ///
    /// # Panics
    ///
    /// If the stream ends before.
    pub async fn block(&mut self) -> String {
        match self.next_block().await {
            Ok(block) => block,
            Err(end) => panic!("{end:?} before a block; there was {:?}", shown(&self.unread)),
        }
    }

    /// The next block, with the blank line that ends it, or how the stream ends before it.
    ///
    /// # Errors
    ///
    /// [`StreamEnd`] if there is no whole block any more.
    ///
    /// # Panics
    ///
    /// If the block is not UTF-8.
    pub async fn next_block(&mut self) -> Result<String, StreamEnd> {
        let mut searched = 0;
        loop {
            let fresh = &self.unread[searched..];
            if let Some(at) = fresh.windows(2).position(|bytes| bytes == b"\n\n") {
                let block = take(&mut self.unread, searched + at + 2);
                return Ok(String::from_utf8(block).expect("a stream is UTF-8"));
            }
            searched = self.unread.len().saturating_sub(1);
            if let Some(end) = self.fill().await {
                return Err(end);
            }
        }
    }

    /// What one write of the server brought: a chunk of the body.
    ///
    /// # Panics
    ///
    /// If something was read and not taken, or the stream ends before.
    pub async fn write(&mut self) -> String {
        assert_eq!(shown(&self.unread), "", "before the write");
        if let Some(end) = self.fill().await {
            panic!("{end:?} before a write");
        }
        String::from_utf8(std::mem::take(&mut self.unread)).expect("a write is UTF-8")
    }

    /// Waits for the clean end of the stream.
    ///
    /// # Panics
    ///
    /// If more comes before, or the stream is cut.
    pub async fn expect_end(&mut self) {
        let end = self.fill().await;
        assert_eq!(shown(&self.unread), "", "before the end");
        assert_eq!(end, Some(StreamEnd::Clean));
    }

    /// Sees that nothing comes for `duration`.
    ///
    /// # Panics
    ///
    /// If something comes.
    pub async fn expect_silence(&mut self, duration: Duration) {
        let until = Instant::now() + duration;
        while self.unread.is_empty() {
            match timeout_at(until, self.fill()).await {
                Ok(None) => {}
                Ok(Some(end)) => panic!("{end:?} in what should be silence"),
                Err(_elapsed) => return,
            }
        }
        panic!("{:?} in what should be silence", shown(&self.unread));
    }

    /// Leaves with a reset.
    ///
    /// # Panics
    ///
    /// If the system refuses.
    pub fn reset(self) {
        self.connection.reset();
    }

    async fn fill(&mut self) -> Option<StreamEnd> {
        if self.end.is_none() {
            match self.connection.piece(&mut self.framing).await {
                Piece::Data(data) => self.unread.extend(data),
                Piece::End => self.end = Some(StreamEnd::Clean),
                Piece::Cut => self.end = Some(StreamEnd::Cut),
            }
        }
        self.end
    }
}

/// The first block of a stream of a channel without history.
///
/// ```
/// assert!(sse_testkit::OPEN.starts_with("event: sse.open\n"));
/// ```
pub const OPEN: &str = "event: sse.open\nretry: 3000\ndata: {}\n\n";

/// How an event stream ends.
///
/// ```
/// assert_ne!(sse_testkit::StreamEnd::Clean, sse_testkit::StreamEnd::Cut);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "whole or not, there is no third")]
pub enum StreamEnd {
    /// The server said that nothing more comes.
    Clean,
    /// The connection broke.
    Cut,
}

fn shown(bytes: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]);
    if bytes.len() <= SHOWN { shown.into_owned() } else { format!("{shown}... ({})", bytes.len()) }
}

const SHOWN: usize = 300;
