use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use hyper::rt::Executor;

/// Where HTTP/2 leaves what goes on beside its connection: what drives that polls these too.
#[derive(Clone, Default)]
pub(super) struct Spawned(Arc<Mutex<Vec<Task>>>);

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<F> Executor<F> for Spawned
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(task));
    }
}

/// A connection with what was spawned for it.
pub(crate) struct Driver {
    connection: Option<Task>,
    spawned: Spawned,
    tasks: Vec<Task>,
}

impl Driver {
    pub(super) fn new(
        connection: impl Future<Output = ()> + Send + 'static,
        spawned: Spawned,
    ) -> Self {
        Self { connection: Some(Box::pin(connection)), spawned, tasks: Vec::new() }
    }

    /// Moves the connection; ready once it is over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(connection) = &mut self.connection
                && connection.as_mut().poll(cx).is_ready()
            {
                self.connection = None;
            }
            let mut spawned = self.spawned.0.lock().unwrap_or_else(PoisonError::into_inner);
            let is_news = !spawned.is_empty();
            self.tasks.append(&mut spawned);
            drop(spawned);
            self.tasks.retain_mut(|task| task.as_mut().poll(cx).is_pending());
            if !is_news {
                break;
            }
        }
        match self.connection.is_none() && self.tasks.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("tasks", &self.tasks.len()).finish_non_exhaustive()
    }
}
