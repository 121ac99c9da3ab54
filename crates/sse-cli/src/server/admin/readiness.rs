use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

/// Whether the server can take clients, as those are told who send it some.
#[derive(Clone, Debug, Default)]
pub(super) struct Readiness(Arc<AtomicU8>);

/// What the server is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Starting,
    Serving,
    Draining,
}

impl Readiness {
    pub(super) fn enter(&self, state: State) {
        self.0.store(state as u8, Ordering::Relaxed);
    }

    pub(super) fn state(&self) -> State {
        match self.0.load(Ordering::Relaxed) {
            state if state == State::Serving as u8 => State::Serving,
            state if state == State::Draining as u8 => State::Draining,
            _ => State::Starting,
        }
    }
}
