use std::{
    error::Error,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use http::Response;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use sse_tokio::{Taken, take_subscriber};
use tokio::{io::AsyncWriteExt, select, task::yield_now, time::Instant};

use super::{
    connection::BUFFER,
    event_stream,
    first_bytes::Rewound,
    gathered::Gathered,
    handover::{HandedOver, Handover},
    head_timer::HeadTimer,
    linger::Linger,
    messages::{Framing, Messages},
    shutdown::Ending,
    socket::Socket,
    stall::Stall,
    stream::Stream,
    tower::{HttpService, TowerService},
};

/// A connection that was opened.
pub(super) type Io = Linger<Stall<Rewound<Stream>>>;
type Connection<S> =
    http1::Connection<TokioIo<Messages<Gathered<Io>>>, TowerService<S, <S as HttpService>::Body>>;

/// What a connection is served with.
pub(super) struct Serving<S: HttpService> {
    pub(super) socket: Option<Socket>,
    pub(super) service: TowerService<S, S::Body>,
    pub(super) header_timeout: Duration,
    /// Whether an event stream may be handed to an engine.
    pub(super) has_engines: bool,
    pub(super) ending: Ending,
}

/// Serves requests by hyper, and event streams without it where that can be, to the end of the connection, or until
/// an engine takes it over. The first request has to come until
/// `head_until`.
pub(super) async fn serve<S: HttpService>(
    io: Io,
    mut head_until: Instant,
    serving: Serving<S>,
) -> Result<Option<HandedOver>, Box<dyn Error + Send + Sync>> {
    let Serving { socket, service, header_timeout, has_engines, mut ending } = serving;
    // Under TLS, and where the end of a client is not told, hyper has to read on.
    let is_plain = io.get_ref().get_ref().get_ref().is_plain();
    let watched = socket.clone().filter(|_| cfg!(target_os = "linux") && is_plain);
    let framing = Arc::new(Framing::default());
    let gathered = Gathered::new(io);
    let mut io = Messages::new(gathered.clone(), framing.clone());
    let service = service.with_watched(socket).with_framing(framing);
    loop {
        let (mut service, handover) = (service.clone(), Arc::new(Handover::default()));
        if watched.is_some() {
            service = service.with_handover(handover.clone());
        }
        let http1 = builder(head_until, header_timeout, ending.is_late());
        // Boxed, so that a connection that waits for its first byte is small.
        let connection = Box::new(http1.serve_connection(TokioIo::new(io), service));
        let exchanged = exchange(connection, &gathered, &handover, ending.reached()).await?;
        let (Some((released, response)), Some(socket)) = (exchanged, &watched) else {
            return Ok(None);
        };
        io = released;
        let (socket, is_last) = (socket.clone(), ending.has_begun());
        if !has_engines {
            event_stream::send(&mut io, socket, response, is_last).await?;
        } else {
            match take_subscriber(response) {
                Ok(Taken { parts, subscriber, shell }) => {
                    let head = event_stream::head(&parts.headers, is_last).freeze();
                    drop(gathered);
                    let (io, ahead) = io.into_parts();
                    let io = io.into_inner().ok_or("the connection is in use elsewhere")?;
                    return Ok(Some(HandedOver { io, ahead, head, subscriber, shell }));
                }
                Err(response) => event_stream::send(&mut io, socket, response, is_last).await?,
            }
        }
        if ending.has_begun() {
            io.shutdown().await?;
            return Ok(None);
        }
        head_until = Instant::now() + header_timeout;
    }
}

/// Serves requests to the end of the connection, or until an event stream is to be sent on it.
async fn exchange<S: HttpService>(
    mut connection: Box<Connection<S>>,
    gathered: &Gathered<Io>,
    handover: &Handover<S::Body>,
    ending: impl Future<Output = ()>,
) -> Result<Option<(Messages<Gathered<Io>>, Response<S::Body>)>, Box<dyn Error + Send + Sync>> {
    let (mut ending, mut is_ending) = (pin!(ending), false);
    let mut filled_polls = 0;
    let offered = loop {
        let offered = poll_fn(|cx| {
            if filled_polls == FILLED_POLLS {
                filled_polls = 0;
                // A client that pipelines without end would have the thread for itself otherwise: the runtime looks
                // for news of others, and wakes those that have given way, once there is nobody left to be polled.
                return pin!(yield_now()).poll(cx).map(|()| Ok(None));
            }
            let polled = gathered.poll_gathering(cx, |cx| Pin::new(&mut *connection).poll(cx));
            filled_polls = if gathered.has_filled_poll() { filled_polls + 1 } else { 0 };
            match polled {
                Poll::Ready(ended) => Poll::Ready(ended.map(|()| None)),
                Poll::Pending => {
                    handover.take().map_or(Poll::Pending, |got| Poll::Ready(Ok(Some(got))))
                }
            }
        });
        select! {
            // First the connection: asked to end before it was polled, it would drop the request
            // whose first bytes were read.
            biased;
            offered = offered => break offered?,
            () = &mut ending, if !is_ending => is_ending = true,
        }
        Pin::new(&mut *connection).graceful_shutdown();
    };
    Ok(offered.map(|response| {
        let parts = connection.into_parts();
        let mut io = parts.io.into_inner();
        io.put_back(parts.read_buf);
        (io, response)
    }))
}

/// The end of the client's side ends a response that streams (`half_close`), so that its body is
/// dropped at once. Small frames are copied into one buffer: a plain write of it costs a few per
/// cent less than a vectored one of three parts (2026-11, two cores, loopback). hyper's own way to let
/// answers share a write (`pipeline_flush`) is off: it holds an answer back until the next request is
/// complete, and what a body says until its end. [`Gathered`] does neither.
fn builder(first_head_until: Instant, header_timeout: Duration, is_late: bool) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(HeadTimer::new(first_head_until.into_std()))
        .header_read_timeout(header_timeout)
        .half_close(false)
        .keep_alive(!is_late)
        .pipeline_flush(false)
        .writev(false)
        .max_buf_size(BUFFER);
    builder
}

/// After so many polls that answered as many requests as they could, which take about a third of a millisecond, others
/// have their turn.
const FILLED_POLLS: u32 = 2;
