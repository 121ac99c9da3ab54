/// The head of a request without a body, down to its blank line.
///
/// ```
/// let head = sse_testkit::head("GET", "/poll/42", &[("Last-Event-ID", "7")]);
/// assert_eq!(head, "GET /poll/42 HTTP/1.1\r\nHost: test\r\nLast-Event-ID: 7\r\n\r\n");
/// ```
pub fn head(method: &str, target: &str, fields: &[(&str, &str)]) -> String {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: test\r\n");
    for (name, value) in fields {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head + "\r\n"
}

/// A POST with `body` and its length.
///
/// ```
/// let post = sse_testkit::post("/ping/42", b"hi");
/// assert_eq!(post, b"POST /ping/42 HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi");
/// ```
pub fn post(target: &str, body: &[u8]) -> Vec<u8> {
    let mut request = post_head(target, body.len()).into_bytes();
    request.extend_from_slice(body);
    request
}

/// The head of a POST whose body of `len` bytes is to follow.
///
/// ```
/// let head = sse_testkit::post_head("/ping/42", 2);
/// assert!(sse_testkit::post("/ping/42", b"hi").starts_with(head.as_bytes()));
/// ```
pub fn post_head(target: &str, len: usize) -> String {
    head("POST", target, &[("Content-Length", &len.to_string())])
}

/// The head of a POST whose body is to follow in chunks.
///
/// ```
/// assert!(sse_testkit::chunked_head("/ping/42").contains("Transfer-Encoding: chunked"));
/// ```
pub fn chunked_head(target: &str) -> String {
    head("POST", target, &[("Transfer-Encoding", "chunked")])
}

/// `bytes` as one chunk of a body in chunks; the empty one is the last.
///
/// ```
/// assert_eq!(sse_testkit::chunk(b"hi"), b"2\r\nhi\r\n");
/// assert_eq!(sse_testkit::chunk(b""), b"0\r\n\r\n");
/// ```
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}
