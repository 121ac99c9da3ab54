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
    pub(super) fn serve(&self) {
        self.0.store(State::Serving as u8, Ordering::Relaxed);
    }

    /// Goes from serving to draining; otherwise nothing changes, and the state is returned.
    pub(super) fn drain(&self) -> Result<(), State> {
        let (from, to) = (State::Serving as u8, State::Draining as u8);
        let exchanged = self.0.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
        exchanged.map(drop).map_err(State::from)
    }

    pub(super) fn state(&self) -> State {
        self.0.load(Ordering::Relaxed).into()
    }
}

impl From<u8> for State {
    fn from(state: u8) -> Self {
        match state {
            state if state == Self::Serving as u8 => Self::Serving,
            state if state == Self::Draining as u8 => Self::Draining,
            _ => Self::Starting,
        }
    }
}
