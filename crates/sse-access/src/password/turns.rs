use std::sync::Arc;

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{self, JoinError},
};

/// Lets a few pieces of work be done at once, and a few more wait for their turn.
#[derive(Debug)]
pub(super) struct Turns {
    free: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Turns {
    /// At most `at_once` pieces of work are done at once, and at most `waiting` wait.
    pub(super) fn new(at_once: usize, waiting: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(at_once)), waiting: Semaphore::new(waiting) }
    }

    /// Waits for a turn. `None` if too many wait already.
    pub(super) async fn wait(&self) -> Option<Turn> {
        if let Ok(permit) = self.free.clone().try_acquire_owned() {
            return Some(Turn { _permit: permit });
        }
        let _place = self.waiting.try_acquire().ok()?;
        let permit = self.free.clone().acquire_owned().await.ok()?;
        Some(Turn { _permit: permit })
    }
}

/// The right to do one piece of work.
#[derive(Debug)]
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Turn {
    /// Does `work` on a thread that may be blocked, and gives the turn back with its result. The work goes on even
    /// if nobody waits for it any more, and the turn is over when it is done.
    pub(super) async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(T, Self), JoinError> {
        task::spawn_blocking(move || (work(), self)).await
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Mutex,
            atomic::{AtomicUsize, Ordering::SeqCst},
            mpsc,
        },
        time::Duration,
    };

    use tokio::{sync::mpsc::unbounded_channel, task::JoinSet, time::timeout};

    use super::*;

    #[tokio::test]
    async fn no_more_is_done_at_once_than_there_are_turns() {
        let turns = Arc::new(Turns::new(2, 64));
        let (begun, mut is_begun) = unbounded_channel();
        let (go_on, may_go_on) = mpsc::channel();
        let (may_go_on, busy) = (Arc::new(Mutex::new(may_go_on)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let (turns, busy) = (turns.clone(), busy.clone());
            let (begun, may_go_on) = (begun.clone(), may_go_on.clone());
            tasks.spawn(async move {
                let turn = turns.wait().await.unwrap();
                let work = move || {
                    begun.send(busy.fetch_add(1, SeqCst) + 1).unwrap();
                    may_go_on.lock().unwrap().recv().unwrap();
                    busy.fetch_sub(1, SeqCst);
                };
                turn.work(work).await.unwrap();
            });
        }

        let mut at_once = Vec::new();
        for _ in 0..2 {
            at_once.push(is_begun.recv().await.unwrap());
        }
        for _ in 0..18 {
            go_on.send(()).unwrap();
            at_once.push(is_begun.recv().await.unwrap());
        }
        for _ in 0..2 {
            go_on.send(()).unwrap();
        }
        tasks.join_all().await;

        assert_eq!(at_once.iter().max(), Some(&2), "{at_once:?}");
    }

    #[tokio::test]
    async fn one_more_than_may_wait_is_sent_away() {
        let turns = Turns::new(1, 2);
        let turn = turns.wait().await.unwrap();
        let (mut first, mut second) = (Box::pin(turns.wait()), Box::pin(turns.wait()));
        for waiting in [&mut first, &mut second] {
            assert!(timeout(Duration::ZERO, waiting).await.is_err());
        }

        assert!(turns.wait().await.is_none());

        drop(second);
        let third = turns.wait();
        drop(turn);
        drop(first.await.unwrap());
        assert!(third.await.is_some());
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_keeps_its_turn() {
        let turns = Turns::new(1, 1);
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let turn = turns.wait().await.unwrap();
        let mut work = Box::pin(turn.work(move || may_go_on.recv()));
        assert!(timeout(Duration::ZERO, &mut work).await.is_err());

        drop(work);

        let mut next = Box::pin(turns.wait());
        assert!(timeout(Duration::from_millis(50), &mut next).await.is_err());
        go_on.send(()).unwrap();
        assert!(next.await.is_some());
    }
}
