use std::{future::Future, pin::Pin};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};

use super::{
    connector::BoxConnection,
    tasks::{Driver, Spawned, Together},
};
use crate::client::{
    limits::{MAX_FIELDS, MAX_HEAD},
    plain::Plain,
};

/// What sends the request of a connection.
pub(super) enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

pub(super) type Answering =
    Pin<Box<dyn Future<Output = Result<Response<Incoming>, hyper::Error>> + Send>>;

impl Sender {
    pub(super) fn send(&mut self, request: Request<Full<Bytes>>) -> Answering {
        match self {
            Self::Http1(sender) => Box::pin(sender.send_request(request)),
            Self::Http2(sender) => Box::pin(sender.send_request(request)),
        }
    }
}

/// Begins HTTP on `io`.
pub(super) async fn handshake(
    io: Plain<BoxConnection>,
    is_http2: bool,
) -> Result<(Sender, Driver), hyper::Error> {
    if is_http2 {
        let spawned = Spawned::default();
        let (sender, connection) = http2::Builder::new(spawned.clone())
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_header_list_size(MAX_HEAD as u32)
            .handshake(io)
            .await?;
        // What goes wrong is told by the answer or its body.
        let connection = Box::pin(async move { drop(connection.await) });
        let task = tokio::spawn(Together::new(connection, spawned));
        return Ok((Sender::Http2(sender), Driver::Task(task)));
    }
    let (sender, connection) = http1().handshake(io).await?;
    let connection = Box::pin(async move { drop(connection.await) });
    Ok((Sender::Http1(sender), Driver::Reader(Some(connection))))
}

/// HTTP/1.1 with the bounds that answers have.
pub(super) fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .allow_obsolete_multiline_headers_in_responses(true)
        .max_headers(MAX_FIELDS)
        .max_header_size(MAX_HEAD);
    builder
}

/// One stream a connection: what it may hold unread.
const WINDOW: u32 = 1 << 20;
