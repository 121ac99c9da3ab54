use std::{
    sync::Arc as WakerArc,
    task::{Wake, Waker},
};

use crate::hub::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Which lanes of an engine have news. Publishers say so from any thread.
#[derive(Debug, Default)]
pub(super) struct Inbox(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    lanes: Vec<usize>,
    /// That of the engine, while it sleeps.
    waker: Option<Waker>,
}

impl Inbox {
    /// Takes the lanes that have news, and those of `lanes` in exchange, which are none.
    pub(super) fn take(&self, lanes: &mut Vec<usize>) {
        std::mem::swap(&mut self.lock().lanes, lanes);
    }

    /// Has `waker` woken once a lane has news. Returns whether one has already.
    pub(super) fn wait(&self, waker: &Waker) -> bool {
        let mut state = self.lock();
        let stale = match &mut state.waker {
            Some(kept) if kept.will_wake(waker) => None,
            kept => kept.replace(waker.clone()),
        };
        let has_news = !state.lanes.is_empty();
        drop(state);
        drop(stale);
        has_news
    }

    /// The waker that says that `lane` has news.
    pub(super) fn waker_of(self: &Arc<Self>, lane: usize) -> Waker {
        Waker::from(WakerArc::new(Bell { inbox: self.clone(), lane }))
    }

    fn put(&self, lane: usize) {
        let mut state = self.lock();
        state.lanes.push(lane);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is woken for one lane.
#[derive(Debug)]
struct Bell {
    inbox: Arc<Inbox>,
    lane: usize,
}

impl Wake for Bell {
    fn wake(self: WakerArc<Self>) {
        self.inbox.put(self.lane);
    }
}
