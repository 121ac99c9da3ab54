use sse_testkit::{RecordedRequest, ScriptedServer, Step};

use super::block_on;

/// A server that plays one script for each connection, in order, then listens no more.
pub(crate) struct Peer {
    server: ScriptedServer,
    taken: usize,
}

impl Peer {
    pub(crate) fn start(scripts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        Self { server: block_on(ScriptedServer::start(scripts)), taken: 0 }
    }

    pub(crate) fn port(&self) -> String {
        self.server.addr().port().to_string()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// How many connections have come.
    pub(crate) fn connections(&self) -> usize {
        self.server.connections()
    }

    /// The next request.
    pub(crate) fn request(&mut self) -> RecordedRequest {
        self.taken += 1;
        block_on(self.server.until_requests(self.taken)).swap_remove(self.taken - 1)
    }
}

/// A stream that ends cleanly after `body`.
pub(crate) fn stream(body: &str) -> Vec<Step> {
    vec![Step::ExpectHead, Step::stream_head(), Step::send(body)]
}

/// A stream that stays open after `body`.
pub(crate) fn held_stream(body: &str) -> Vec<Step> {
    vec![Step::ExpectHead, Step::stream_head(), Step::send(body), Step::Hold]
}

/// A stream whose connection ends before the stream does.
pub(crate) fn cut_stream(body: &str) -> Vec<Step> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked";
    let len = body.len();
    vec![Step::ExpectHead, Step::send(format!("{head}\r\n\r\n{len:x}\r\n{body}\r\n"))]
}

/// An answer that is no stream.
pub(crate) fn answer(status: &str, body: &str) -> Vec<Step> {
    let (kind, len) = ("Content-Type: text/html", body.len());
    let head = format!("HTTP/1.1 {status}\r\n{kind}\r\nContent-Length: {len}\r\n\r\n");
    vec![Step::ExpectHead, Step::send(head + body)]
}

/// The end of the connection in place of an answer.
pub(crate) fn no_answer() -> Vec<Step> {
    vec![Step::ExpectHead]
}

/// The same, once the request's body has come too.
pub(crate) fn to_post(mut script: Vec<Step>) -> Vec<Step> {
    script.insert(1, Step::ExpectBody);
    script
}
