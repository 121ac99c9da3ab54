mod body;
mod progress;
mod streams;
mod unsent;
mod wire;

use std::{
    error::Error,
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use hyper::server::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
};

use self::{
    progress::{Progress, Stall},
    streams::{StreamService, Streams},
    wire::Wire,
};
use super::{
    connection::{BUFFER, Settings},
    shutdown::Ending,
    tower::{HttpService, TowerService},
};

/// Serves a connection to its end, or until its client takes nothing for too long.
///
/// It is always read, so the end of the client is seen without a watch. What has to be watched is its
/// windows: hyper polls no body and h2 gives nothing up while they are shut, though the socket itself
/// has room.
pub(super) async fn serve<S: HttpService>(
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    service: TowerService<S, S::Body>,
    settings: &Settings,
    mut ending: Ending,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let progress = Arc::new(Progress::default());
    let streams = Streams::default();
    let (stall_timeout, is_late) = (settings.stall_timeout, ending.is_late());
    let service = StreamService::new(service, streams.clone(), stall_timeout, progress.clone());
    let io = TokioIo::new(Wire::new(io, progress.clone()));
    let mut connection = pin!(builder(streams, settings).serve_connection(io, service));
    let mut stall = stall_timeout.map(Stall::new);
    let mut is_ending = false;
    loop {
        let ended = poll_fn(|cx| {
            // First the connection: asked to end before it was polled, it would drop the request
            // whose first bytes were read.
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(Some(ended.map_err(Into::into)));
            }
            // A connection that began while the server drained has one request served, at least.
            if is_late && !is_ending && progress.has_begun() {
                return Poll::Ready(None);
            }
            let stalled = stall.as_mut().map_or(Poll::Pending, |it| it.poll(&progress, cx));
            stalled.map(|()| Some(Err("cut: the client takes nothing of any stream".into())))
        });
        select! {
            biased;
            ended = ended => if let Some(ended) = ended {
                return ended;
            },
            () = ending.reached(), if !is_ending => (),
        }
        is_ending = true;
        connection.as_mut().graceful_shutdown();
    }
}

fn builder(streams: Streams, settings: &Settings) -> http2::Builder<Streams> {
    let mut builder = http2::Builder::new(streams);
    builder
        .timer(TokioTimer::new())
        .adaptive_window(false)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_concurrent_streams(settings.max_concurrent_streams)
        .max_header_list_size(BUFFER as u32)
        .max_send_buf_size(BUFFER);
    builder
}
