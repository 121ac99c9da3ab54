use std::{
    hash::{DefaultHasher, Hash, Hasher},
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use sse_core::{Token, Wakers};
use tokio::{runtime::Handle, task::yield_now};

/// Wakes listeners, at once or after a turn of the event loop.
///
/// Woken at once, a listener is the next task to run and writes each event by itself. After a turn,
/// whatever was published in between goes out in the same write, but the turn is not free. So it is
/// taken only for a channel that was published to twice in a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct WakeQueue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// A hash of the channel that was published to last; a false match costs a turn.
    last: AtomicU64,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Wakers>,
    has_task: bool,
}

impl WakeQueue {
    /// Wakes the listeners of the channel `token`.
    pub(crate) fn wake(&self, token: &Token, wakers: Wakers) {
        let mut hasher = DefaultHasher::new();
        token.hash(&mut hasher);
        let hash = hasher.finish();
        if self.0.last.swap(hash, Ordering::Relaxed) != hash {
            return wakers.wake();
        }
        // Outside a runtime there is no turn to wait for.
        let Ok(runtime) = Handle::try_current() else {
            return wakers.wake();
        };
        let mut queue = self.lock();
        queue.waiting.push(wakers);
        let has_task = mem::replace(&mut queue.has_task, true);
        drop(queue);
        if !has_task {
            let queue = self.clone();
            runtime.spawn(async move { queue.drain().await });
        }
    }

    async fn drain(&self) {
        loop {
            yield_now().await;
            let waiting = {
                let mut queue = self.lock();
                queue.has_task = !queue.waiting.is_empty();
                mem::take(&mut queue.waiting)
            };
            if waiting.is_empty() {
                return;
            }
            waiting.into_iter().for_each(Wakers::wake);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
