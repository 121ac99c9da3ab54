use std::time::Duration;

/// One step of a script.
///
/// ```
/// use sse_testkit::Step;
///
/// let script = [Step::ExpectHead, Step::stream_head(), Step::send("data: 1\n\n"), Step::Close];
/// assert_eq!(script[2], Step::Send(b"data: 1\n\n".to_vec()));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Reads the head of a request and records it.
    ExpectHead,
    /// Reads the body of the last request, of the length that its head names, and records it.
    ExpectBody,
    /// Sends bytes in one write.
    Send(Vec<u8>),
    /// Sends bytes one by one, each in a write of its own.
    SendSingly(Vec<u8>),
    /// Does nothing for a while.
    Sleep(Duration),
    /// Closes the connection in order.
    Close,
    /// Resets the connection.
    Reset,
    /// Holds the connection open until the client closes it.
    Hold,
}

impl Step {
    /// Sends `bytes` in one write.
    pub fn send(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Send(bytes.into())
    }

    /// Sends the head of an event stream that ends with the connection.
    pub fn stream_head() -> Self {
        Self::send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    }

    /// Sends the head of an event stream in chunks, whose end can be told from a cut.
    pub fn chunked_head() -> Self {
        Self::send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
        )
    }

    /// Sends `bytes` as one chunk, behind [`Step::chunked_head`]; none are the end.
    pub fn chunk(bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let head = format!("{:x}\r\n", bytes.len());
        Self::Send([head.as_bytes(), bytes, b"\r\n"].concat())
    }

    /// Sends a redirect to `location`.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::send(format!(
            "HTTP/1.1 {status} Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        ))
    }

    /// Sends a whole response with `body` as text.
    pub fn response(status: &str, body: &str) -> Self {
        let len = body.len();
        Self::send(format!("HTTP/1.1 {status}\r\nContent-Length: {len}\r\n\r\n{body}"))
    }
}
