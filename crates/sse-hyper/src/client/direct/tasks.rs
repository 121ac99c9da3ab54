use std::{
    fmt,
    future::{Future, poll_fn},
    mem,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use hyper::rt::Executor;
use tokio::task::JoinHandle;

/// What moves a connection until it is dropped, which closes it.
pub(super) enum Driver {
    /// The reader of the answer does: what nobody asks for stays in the socket.
    Reader(Option<Task>),
    /// A task does, which answers while nobody reads.
    Task(JoinHandle<()>),
}

pub(super) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Driver {
    /// Moves the connection, unless it moves by itself.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        if let Self::Reader(connection) = self
            && let Some(task) = connection
            && task.as_mut().poll(cx).is_ready()
        {
            *connection = None;
        }
    }

    /// Moves the connection until `future` is ready, which waits for it.
    pub(super) async fn run<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            // If the connection has read what is waited for, it is ready behind it.
            self.poll(cx);
            future.as_mut().poll(cx)
        })
        .await
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Self::Task(task) = self {
            task.abort();
        }
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reader(_) => "Reader",
            Self::Task(_) => "Task",
        })
    }
}

/// Where HTTP/2 leaves what goes on beside its connection.
#[derive(Clone, Default)]
pub(super) struct Spawned(Arc<Mutex<Vec<Task>>>);

impl<F> Executor<F> for Spawned
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(task));
    }
}

/// A connection with what is spawned for it: one task, so that all of it ends together.
pub(super) struct Together {
    tasks: Vec<Task>,
    spawned: Spawned,
}

impl Together {
    pub(super) fn new(connection: Task, spawned: Spawned) -> Self {
        Self { tasks: vec![connection], spawned }
    }
}

impl Future for Together {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            self.tasks.retain_mut(|task| task.as_mut().poll(cx).is_pending());
            let mut spawned = self.spawned.0.lock().unwrap_or_else(PoisonError::into_inner);
            let mut news = mem::take(&mut *spawned);
            drop(spawned);
            if news.is_empty() {
                break;
            }
            self.tasks.append(&mut news);
        }
        if self.tasks.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }
}
