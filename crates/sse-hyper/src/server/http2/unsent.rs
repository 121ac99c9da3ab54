use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::{Buf, Bytes};

/// What was taken from a body, and is not on its way to the socket yet: hyper and h2 hold it.
#[derive(Debug, Default)]
pub(super) struct Unsent(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    bytes: usize,
    moves: u64,
    /// What is woken once nothing is left.
    waker: Option<Waker>,
}

impl Unsent {
    /// Hands `bytes` out.
    pub(super) fn hand_out(self: &Arc<Self>, bytes: Bytes) -> Data {
        self.lock().bytes += bytes.len();
        Data { bytes, unsent: self.clone() }
    }

    /// How many bytes there are.
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// A number that changes when some of the bytes go on their way.
    pub(super) fn moves(&self) -> u64 {
        self.lock().moves
    }

    /// Ready while nothing is held.
    pub(super) fn poll_empty(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.bytes == 0 {
            return Poll::Ready(());
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn handle_sent(&self, count: usize) {
        let mut state = self.lock();
        state.bytes -= count;
        state.moves += 1;
        let waker = if state.bytes == 0 { state.waker.take() } else { None };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of a body that tell when they go on their way.
#[derive(Debug)]
pub(super) struct Data {
    bytes: Bytes,
    unsent: Arc<Unsent>,
}

impl Buf for Data {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        if count > 0 {
            self.unsent.handle_sent(count);
        }
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        if !self.bytes.is_empty() {
            self.unsent.handle_sent(self.bytes.len());
        }
    }
}
