//! Event streams that are driven by engines, and not each by a task of its own.

mod driver;
mod handed;
mod sockets;

use std::{
    future::pending,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::Handle,
    select,
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::{JoinSet, coop::unconstrained},
};

use self::{
    driver::Driver,
    handed::{Connection, Handed, Rest},
    sockets::Socket,
};
use super::{
    filter::Guard, handover::HandedOver, listener::Peer, released::Released,
    socket::Socket as RuntimeSocket,
};

/// The engines of a server, to hand streams to. They end once this is dropped and their last stream is over.
pub(super) struct Engines {
    inboxes: Vec<UnboundedSender<Handed>>,
    next: AtomicUsize,
}

/// The tasks of the engines. Dropping this cuts all their streams.
pub(super) struct Running {
    tasks: JoinSet<io::Result<()>>,
    released: UnboundedReceiver<Released>,
    streams: Arc<AtomicUsize>,
}

/// What comes from the engines.
pub(super) enum News {
    /// A connection whose stream is over.
    Released(Released),
    /// An engine has ended.
    Ended(io::Result<()>),
}

impl Engines {
    /// Starts `count` engines, or one for each worker of the runtime, which count their `streams`.
    pub(super) fn start(
        count: Option<usize>,
        stall_timeout: Option<Duration>,
        streams: Arc<AtomicUsize>,
    ) -> io::Result<(Option<Self>, Running)> {
        let count = count.unwrap_or_else(|| Handle::current().metrics().num_workers());
        let (release, released) = mpsc::unbounded_channel();
        let (mut inboxes, mut tasks) = (Vec::new(), JoinSet::new());
        for _ in 0..count {
            let (inbox, handed) = mpsc::unbounded_channel();
            let driver = Driver::new(handed, release.clone(), streams.clone(), stall_timeout)?;
            // It gives way to others by itself, between writes and not between polls.
            tasks.spawn(unconstrained(driver.run()));
            inboxes.push(inbox);
        }
        let engines = (0 < count).then(|| Self { inboxes, next: AtomicUsize::new(0) });
        Ok((engines, Running { tasks, released, streams }))
    }

    /// Has one of the engines send the event stream of a connection.
    pub(super) fn drive(&self, stream: HandedOver, peer: Peer, guard: Guard) {
        let HandedOver { io, ahead, head, subscriber, shell } = stream;
        let (stream, unread) = io.into_inner().into_inner().into_parts();
        let ahead = if ahead.is_empty() { unread } else { [ahead, unread].concat().into() };
        let socket = match stream.into_socket().and_then(RuntimeSocket::into_std) {
            Some(Ok(socket)) => Socket::from(socket),
            Some(Err(error)) => return tracing::warn!(remote = ?peer, %error, "connection lost"),
            None => return tracing::error!(remote = ?peer, "connection lost: its socket is in use"),
        };
        let ahead = (!ahead.is_empty()).then(|| Box::new(ahead));
        let rest = Box::new(Rest { peer, guard, ahead, shell });
        let handed = Handed { subscriber, head, connection: Connection { socket, rest } };
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        // An engine that has failed ends the server, and the connection with it.
        let _ = self.inboxes[next % self.inboxes.len()].send(handed);
    }
}

impl Running {
    /// How many streams are driven.
    pub(super) fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// Whether no engine is left, nor a connection that one has given back.
    pub(super) fn is_over(&self) -> bool {
        self.tasks.is_empty() && self.released.is_empty()
    }

    /// What comes next from the engines. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> News {
        select! {
            biased;
            Some(released) = self.released.recv() => News::Released(released),
            Some(ended) = self.tasks.join_next() => News::Ended(match ended {
                Ok(ended) => ended.map_err(failed),
                // As it is, it keeps what was said.
                Err(panic) => Err(failed(io::Error::other(panic))),
            }),
            else => pending().await,
        }
    }

    /// Cuts the streams that are left.
    pub(super) async fn cut(&mut self) {
        self.tasks.shutdown().await;
    }
}

fn failed(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("a delivery engine failed: {error}"))
}
