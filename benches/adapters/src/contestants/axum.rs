use std::{convert::Infallible, io, net::TcpListener};

use axum::{
    Router,
    http::Uri,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::StreamExt;

use super::tokio_listener;
use crate::source::events;

pub async fn serve(listener: TcpListener, is_ours: bool) -> io::Result<()> {
    let app = Router::new().fallback(move |uri: Uri| async move {
        let data = events(uri.path());
        if is_ours {
            sse_axum::Sse::new(data.map(sse_core::Event::data)).into_response()
        } else {
            let events = data.map(|data| Ok::<_, Infallible>(Event::default().data(data)));
            Sse::new(events).keep_alive(KeepAlive::default()).into_response()
        }
    });
    axum::serve(tokio_listener(listener)?, app).await
}
