use std::{io, thread};

use tokio::{
    runtime::Builder,
    select,
    sync::oneshot::{self, error::RecvError},
};

use super::{stdout, stop::Stop};
use crate::{exit::Failure, signals::Signals};

/// Does `work` until it is done, a signal comes, or nobody reads standard output any more.
///
/// It has a thread of its own: it may block for as long as standard output is full or standard
/// input silent, and is left to the end of the process then. Only a command that runs is waited for:
/// an event that it has handled would come again in the next run.
pub(super) fn until_over(
    work: impl FnOnce(Stop) -> Result<(), Failure> + Send + 'static,
) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    runtime.block_on(async {
        let mut signals = Signals::new().map_err(Failure::failed)?;
        let stop = Stop::default();
        let asked = stop.clone();
        let mut done = on_thread("events", || work(asked)).map_err(Failure::failed)?;
        let closed = on_thread("stdout", stdout::wait_until_closed).map_err(Failure::failed)?;
        let over = select! {
            biased;
            outcome = &mut done => return ended(outcome),
            Ok(Ok(())) = closed => Err(Failure::StdoutClosed),
            () = signals.next() => Ok(()),
        };
        if !stop.ask() {
            return over;
        }
        tracing::info!("waiting for the command that runs");
        select! {
            biased;
            outcome = done => ended(outcome).and(over),
            () = signals.next() => Err(Failure::failed("ended at once by a signal")),
        }
    })
}

fn ended(outcome: Result<Result<(), Failure>, RecvError>) -> Result<(), Failure> {
    outcome.unwrap_or_else(|_| Err(Failure::failed("panicked")))
}

fn on_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<oneshot::Receiver<T>> {
    let (sender, receiver) = oneshot::channel();
    let work = move || drop(sender.send(work()));
    thread::Builder::new().name(name.to_owned()).spawn(work)?;
    Ok(receiver)
}
