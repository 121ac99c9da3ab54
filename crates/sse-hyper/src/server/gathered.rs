use std::{
    error::Error,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
    thread,
};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection that sends what is written while its task is polled together, at the end of the poll.
///
/// So the answers to requests that came together share a write. Nothing is held back from one poll to the
/// next: an answer never waits for a request that is not complete, a service that is slow, or a body that
/// has nothing to say. A poll is bounded (hyper takes 16 turns, then lets others run), and what is held
/// is bounded too: beyond 16 KiB it is sent at once.
#[derive(Debug)]
pub(super) struct Gathered<T>(Arc<Mutex<State<T>>>);

#[derive(Debug)]
struct State<T> {
    io: T,
    is_gathering: bool,
    unsent: BytesMut,
    /// How often something was written in the last poll.
    writes: u32,
}

impl<T> Gathered<T> {
    pub(super) fn new(io: T) -> Self {
        let state = State { io, is_gathering: false, unsent: BytesMut::new(), writes: 0 };
        Self(Arc::new(Mutex::new(state)))
    }

    /// The connection, if this is the last clone. Nothing is held back between two polls.
    pub(super) fn into_inner(self) -> Option<T> {
        let state = Arc::into_inner(self.0)?;
        Some(state.into_inner().unwrap_or_else(PoisonError::into_inner).io)
    }

    /// Whether the last poll has answered as many requests as hyper takes in one, so that more are likely to be there.
    pub(super) fn has_filled_poll(&self) -> bool {
        HYPER_TURNS <= self.lock().writes
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // It is locked by one task only, never for longer than a call.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: AsyncWrite + Unpin> Gathered<T> {
    /// Polls `poll`, which writes to a clone of this connection, and sends what it has written.
    ///
    /// Fails as `poll` does, or if the connection fails while `poll` is pending.
    pub(super) fn poll_gathering<R, E>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<Result<R, E>>,
    ) -> Poll<Result<R, Box<dyn Error + Send + Sync>>>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let gathering = Gathering::of(self);
        let polled = poll(cx);
        match gathering.poll_end(cx) {
            Poll::Ready(Err(error)) if polled.is_pending() => Poll::Ready(Err(error.into())),
            _ => polled.map_err(Into::into),
        }
    }
}

/// The time of a poll. What was written is sent if the poll panics, too.
struct Gathering<'a, T: AsyncWrite + Unpin>(&'a Gathered<T>);

impl<'a, T: AsyncWrite + Unpin> Gathering<'a, T> {
    fn of(gathered: &'a Gathered<T>) -> Self {
        let mut state = gathered.lock();
        (state.is_gathering, state.writes) = (true, 0);
        drop(state);
        Self(gathered)
    }

    fn poll_end(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        state.is_gathering = false;
        state.poll_flush(cx)
    }
}

impl<T: AsyncWrite + Unpin> Drop for Gathering<'_, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = self.poll_end(&mut Context::from_waker(Waker::noop()));
        }
    }
}

impl<T: AsyncWrite + Unpin> State<T> {
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            match ready!(Pin::new(&mut self.io).poll_write(cx, &self.unsent))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.unsent.advance(count),
            }
        }
        // An idle connection holds no buffer.
        self.unsent = BytesMut::new();
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }
}

impl<T> Clone for Gathered<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Gathered<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().io).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Gathered<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.lock();
        state.writes += u32::from(state.is_gathering);
        if MAX_HELD < state.unsent.len() + buf.len() || !state.is_gathering {
            ready!(state.poll_send(cx))?;
        }
        if MAX_HELD < buf.len() || !state.is_gathering {
            return Pin::new(&mut state.io).poll_write(cx, buf);
        }
        if state.unsent.capacity() - state.unsent.len() < buf.len() {
            // Behind the second more may follow; most often there is none.
            let more = if state.unsent.is_empty() { 0 } else { MORE };
            state.unsent.reserve(buf.len().max(more));
        }
        state.unsent.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        if state.is_gathering && !state.unsent.is_empty() {
            return Poll::Ready(Ok(()));
        }
        state.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        ready!(state.poll_send(cx))?;
        Pin::new(&mut state.io).poll_shutdown(cx)
    }
}

/// How many turns hyper's connection takes in a poll, with an answer in each of them at most.
const HYPER_TURNS: u32 = 16;

/// Room for answers that follow.
const MORE: usize = 2 << 10;

/// As much as a body's write at most, so that an answer and its body may go together.
const MAX_HELD: usize = 16 << 10;
