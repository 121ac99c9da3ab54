use std::task::{Context, Poll, Waker};

use crate::hub::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where one answer of a store arrives for the one who waits for it.
#[derive(Debug)]
pub(super) struct Answer<T>(Arc<Mutex<State<T>>>);

#[derive(Debug)]
struct State<T> {
    value: Option<T>,
    waker: Option<Waker>,
}

impl<T> Answer<T> {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { value: None, waker: None })))
    }

    /// Another handle to the same place.
    pub(super) fn handle(&self) -> Self {
        Self(self.0.clone())
    }

    /// Puts `value` there; returns the waker of the one who waits.
    pub(super) fn put(&self, value: T) -> Option<Waker> {
        let mut state = self.lock();
        state.value = Some(value);
        state.waker.take()
    }

    /// Takes what has come.
    pub(super) fn take(&self) -> Option<T> {
        self.lock().value.take()
    }

    /// Takes what has come; otherwise the waker of `cx` is woken once it has.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<T> {
        let mut state = self.lock();
        if let Some(value) = state.value.take() {
            return Poll::Ready(value);
        }
        let stale = match &state.waker {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            _ => state.waker.replace(cx.waker().clone()),
        };
        drop(state);
        // Its drop is the user's code.
        drop(stale);
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
