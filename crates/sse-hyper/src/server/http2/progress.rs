use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
    time::{Duration, Instant},
};

use sse_tokio::{LazyTimer, now};

/// What a connection has to write, and whether its client takes it.
///
/// Two places may hold what a shut window keeps from the socket: hyper holds a frame of a body that
/// it does not poll meanwhile, and h2 the rest of an answer of which it was given all. What h2 holds of
/// a body that says nothing more for now is not counted before the body says more: it is less than one
/// frame, and a keepalive is more.
#[derive(Debug, Default)]
pub(super) struct Progress(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Streams whose answer has begun on the wire, and not ended.
    open: HashSet<u32>,
    /// Streams that ended before that.
    never_opened: VecDeque<u32>,
    /// Bodies of answers that did not say all yet.
    bodies: usize,
    /// Those of them of which hyper holds a frame.
    held: usize,
    moves: u64,
    has_begun: bool,
    /// What is woken once there is something to write; `None` while a timer does that.
    waker: Option<Waker>,
}

impl State {
    fn has_unwritten(&self) -> bool {
        self.held > 0 || self.open.len() > self.bodies
    }
}

impl Progress {
    pub(super) fn handle_call(&self) {
        self.update(|state| state.has_begun = true);
    }

    /// Whether there was a request.
    pub(super) fn has_begun(&self) -> bool {
        self.lock().has_begun
    }

    pub(super) fn handle_body(&self) {
        self.update(|state| state.bodies += 1);
    }

    pub(super) fn handle_body_end(&self, is_held: bool) {
        self.update(|state| {
            state.bodies -= 1;
            state.held -= usize::from(is_held);
        });
    }

    pub(super) fn handle_hold(&self) {
        self.update(|state| state.held += 1);
    }

    pub(super) fn handle_release(&self) {
        self.update(|state| state.held -= 1);
    }

    /// An answer begins on the wire.
    pub(super) fn handle_open(&self, stream: u32) {
        self.update(|state| {
            if let Some(at) = state.never_opened.iter().position(|it| *it == stream) {
                state.never_opened.remove(at);
            } else {
                state.open.insert(stream);
            }
        });
    }

    pub(super) fn handle_data(&self) {
        self.update(|state| state.moves += 1);
    }

    /// An answer was written to its end.
    pub(super) fn handle_end(&self, stream: u32) {
        self.update(|state| {
            state.open.remove(&stream);
            state.moves += 1;
        });
    }

    /// The client resets a stream. The head of its answer may be on its way to the wire.
    pub(super) fn handle_reset(&self, stream: u32) {
        self.update(|state| {
            if !state.open.remove(&stream) {
                state.never_opened.truncate(REMEMBERED - 1);
                state.never_opened.push_front(stream);
            }
        });
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        let before = state.has_unwritten();
        change(&mut state);
        let after = state.has_unwritten();
        // What was stuck is gone: that is as good as taken.
        state.moves += u64::from(before && !after);
        let waker = if after { state.waker.take() } else { None };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The wait for a client that takes nothing.
#[derive(Debug)]
pub(super) struct Stall {
    timeout: Duration,
    /// How far the client had come, and when.
    last: Option<(u64, Instant)>,
    timer: LazyTimer,
}

impl Stall {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, last: None, timer: LazyTimer::default() }
    }

    /// Ready once the client of `progress` has taken nothing for the timeout, though there was
    /// something.
    pub(super) fn poll(&mut self, progress: &Progress, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut state = progress.lock();
            if !state.has_unwritten() {
                self.last = None;
                state.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            let moves = state.moves;
            drop(state);
            let since = match self.last {
                Some((seen, since)) if seen == moves => since,
                _ => now(),
            };
            self.last = Some((moves, since));
            let until = since + self.timeout;
            if until <= now() {
                return Poll::Ready(());
            }
            ready!(self.timer.poll_until(Some(until), cx));
        }
    }
}

/// Of how many streams it is known that they were reset early. One that is forgotten may end an idle
/// connection of a client that resets in masses.
const REMEMBERED: usize = 256;

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, sync::Arc};

    use tokio::time::{Instant, sleep, timeout};

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    async fn stalled(progress: Arc<Progress>) {
        let mut stall = Stall::new(TIMEOUT);
        poll_fn(|cx| stall.poll(&progress, cx)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_held_by_either_ends_the_connection_after_the_timeout() {
        let by_hyper = |it: &Progress| it.handle_hold();
        let by_h2 = |it: &Progress| {
            it.handle_open(1);
            it.handle_body_end(false);
        };
        for hold in [by_hyper as fn(&Progress), by_h2] {
            let (progress, start) = (Arc::new(Progress::default()), Instant::now());
            progress.handle_body();
            let stalled = tokio::spawn(stalled(progress.clone()));
            sleep(TIMEOUT * 2).await;

            hold(&progress);
            stalled.await.unwrap();

            assert_eq!(start.elapsed(), TIMEOUT * 3);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_moves_puts_it_off() {
        let (progress, start) = (Arc::new(Progress::default()), Instant::now());
        progress.handle_body();
        progress.handle_hold();
        let stalled = tokio::spawn(stalled(progress.clone()));

        for _ in 0..4 {
            sleep(TIMEOUT - Duration::from_secs(1)).await;
            progress.handle_data();
        }
        stalled.await.unwrap();

        let last = (TIMEOUT - Duration::from_secs(1)) * 4;
        assert!(last + TIMEOUT <= start.elapsed() && start.elapsed() <= last + TIMEOUT * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn streams_that_were_reset_or_have_nothing_to_say_are_no_stall() {
        let progress = Arc::new(Progress::default());
        // Silent, reset early, reset late, and written to its end.
        progress.handle_body();
        progress.handle_open(1);
        progress.handle_reset(3);
        progress.handle_open(3);
        progress.handle_open(5);
        progress.handle_reset(5);
        progress.handle_open(7);
        progress.handle_end(7);

        assert!(timeout(TIMEOUT * 9, stalled(progress)).await.is_err());
    }
}
