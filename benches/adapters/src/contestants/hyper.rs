use std::{convert::Infallible, io, net::TcpListener};

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::{Either, StreamBody};
use hyper::{
    Request, Response,
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use sse_core::Event;
use sse_hyper::Sse;

use super::tokio_listener;
use crate::source::events;

pub async fn serve(listener: TcpListener, is_ours: bool) -> io::Result<()> {
    let listener = tokio_listener(listener)?;
    loop {
        let (tcp, _) = listener.accept().await?;
        let service = service_fn(move |request: Request<Incoming>| async move {
            let data = events(request.uri().path());
            Ok::<_, Infallible>(if is_ours {
                Sse::new(data.map(Event::data)).into_response().map(Either::Left)
            } else {
                let frames = data.map(|data| {
                    let event = Bytes::from(format!("data: {data}\n\n"));
                    Ok::<_, Infallible>(Frame::data(event))
                });
                let mut response = Response::new(Either::Right(StreamBody::new(frames)));
                let content_type = hyper::header::HeaderValue::from_static("text/event-stream");
                response.headers_mut().insert(hyper::header::CONTENT_TYPE, content_type);
                response
            })
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(tcp), service));
    }
}
