use std::{convert::Infallible, io, net::TcpListener};

use futures_util::StreamExt;
use warp::{
    Filter, Reply,
    path::FullPath,
    sse::{self, Event},
};

use super::tokio_listener;
use crate::source::events;

pub async fn serve(listener: TcpListener, is_ours: bool) -> io::Result<()> {
    let filter = warp::path::full().map(move |path: FullPath| {
        let data = events(path.as_str());
        if is_ours {
            sse_warp::Sse::new(data.map(sse_core::Event::data)).into_response()
        } else {
            let events = data.map(|data| Ok::<_, Infallible>(Event::default().data(data)));
            sse::reply(sse::keep_alive().stream(events)).into_response()
        }
    });
    warp::serve(filter).incoming(tokio_listener(listener)?).run().await;
    Ok(())
}
