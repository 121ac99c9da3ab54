use std::{
    future::poll_fn,
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use mio::event::Event;
use sse_core::{
    channel::Framing,
    hub::{Delivery, Engine, StreamEnd},
};
use sse_tokio::{LazyTimer, now};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    task::yield_now,
};

use super::{
    Released,
    handed::{Connection, Handed},
    sockets::Sockets,
};

/// One engine with its sockets: a task that writes to very many listeners.
pub(super) struct Driver {
    engine: Engine<Connection>,
    sockets: Sockets,
    handed: UnboundedReceiver<Handed>,
    release: UnboundedSender<Released>,
    /// Of all engines of the server.
    streams: Arc<AtomicUsize>,
    timer: LazyTimer,
}

impl Driver {
    pub(super) fn new(
        handed: UnboundedReceiver<Handed>,
        release: UnboundedSender<Released>,
        streams: Arc<AtomicUsize>,
        stall_timeout: Option<Duration>,
    ) -> io::Result<Self> {
        let engine = Engine::new(Framing::Chunked).with_stall_timeout(stall_timeout);
        let (sockets, timer) = (Sockets::new()?, LazyTimer::default());
        Ok(Self { engine, sockets, handed, release, streams, timer })
    }

    /// Runs until nobody can hand it a stream any more, and the last one is over.
    pub(super) async fn run(mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut steps = 0;
        loop {
            self.read_news(cx)?;
            let is_closed = self.take_handed(cx);
            let now = now();
            let until = loop {
                if self.max_steps() <= steps && self.engine.finish_turn(now) {
                    // Behind whatever else there is to do for this thread, requests first of all.
                    return pin!(yield_now()).poll(cx).map(Ok);
                }
                match self.engine.poll_output(cx.waker(), now) {
                    Delivery::Write { socket, bytes } => match socket.socket.write(bytes) {
                        Ok(count) => self.engine.handle_written(count, now),
                        Err(_) => self.engine.handle_broken(),
                    },
                    Delivery::End { socket, end } => self.finish(socket, end),
                    Delivery::Wait { until } => break until,
                }
                steps += 1;
            };
            if is_closed && self.engine.is_empty() {
                return Poll::Ready(Ok(()));
            }
            ready!(self.timer.poll_until(until, cx));
        }
    }

    /// After how many writes and ends others have their turn. Publishers wait for the listeners they outrun: their
    /// answers come later then, and nobody falls out of the log while there is time to write to all.
    fn max_steps(&self) -> usize {
        self.engine.backlog().clamp(MIN_STEPS, MAX_STEPS)
    }

    /// Takes note of sockets that can be written again, and of clients that have left.
    fn read_news(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while let Poll::Ready(news) = self.sockets.poll_news(cx) {
            for event in news? {
                let key = event.token().0;
                if has_left(event) {
                    self.engine.handle_left(key);
                } else if event.is_writable() {
                    self.engine.handle_writable(key);
                }
            }
        }
        Ok(())
    }

    /// Takes the streams that were handed over. Returns whether there will be no more.
    fn take_handed(&mut self, cx: &mut Context<'_>) -> bool {
        while let Poll::Ready(handed) = self.handed.poll_recv(cx) {
            let Some(Handed { subscriber, head, connection }) = handed else {
                return true;
            };
            self.streams.fetch_add(1, Ordering::Relaxed);
            let key = self.engine.add(subscriber, head, connection, now());
            if let Some(Connection { socket, rest }) = self.engine.socket_mut(key)
                && let Err(error) = self.sockets.watch(socket, key)
            {
                tracing::warn!(remote = ?rest, %error, "a stream cannot be watched");
                self.engine.handle_left(key);
            }
        }
        false
    }

    fn finish(&self, mut connection: Connection, end: StreamEnd) {
        self.streams.fetch_sub(1, Ordering::Relaxed);
        tracing::debug!(remote = ?connection.rest, ?end, "a stream ends");
        if let StreamEnd::Whole(_) = end
            && self.sockets.forget(&mut connection.socket).is_ok()
        {
            // A server that is gone has no use for it.
            let _ = self.release.send(connection.release());
        }
    }
}

/// Whether `event` is the end of the client, whether or not what it sent before was read.
fn has_left(event: &Event) -> bool {
    event.is_read_closed() || event.is_error()
}

/// They take about a tenth of a millisecond.
const MIN_STEPS: usize = 16;

/// They take about ten milliseconds.
const MAX_STEPS: usize = 1024;

#[cfg(test)]
mod tests {
    use tokio::{runtime::Builder, sync::mpsc::unbounded_channel};

    use super::*;

    #[test]
    fn an_engine_whose_epoll_fails_says_so() {
        let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
        let (_inbox, handed) = unbounded_channel();
        let (release, _released) = unbounded_channel();
        let gone = runtime();
        let driver = gone.block_on(async { Driver::new(handed, release, Arc::default(), None) });
        // What tells the epoll's news is gone, too.
        drop(gone);

        let ended = runtime().block_on(driver.unwrap().run());

        assert!(ended.is_err());
    }
}
