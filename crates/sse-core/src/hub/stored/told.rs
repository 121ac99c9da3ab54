use std::task::Waker;

use crate::hub::Wakers;

/// Those who were told something, and are woken when this is dropped.
///
/// A store that tells of many publications at once drops all of these behind the last one. So a listener finds all
/// events when it is woken, and they go out in one write.
#[derive(Debug, Default)]
pub struct Told {
    pub(super) listeners: Wakers,
    pub(super) waiting: Option<Waker>,
}

impl Drop for Told {
    fn drop(&mut self) {
        std::mem::take(&mut self.listeners).wake();
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
    }
}

impl From<Wakers> for Told {
    fn from(listeners: Wakers) -> Self {
        Self { listeners, waiting: None }
    }
}
