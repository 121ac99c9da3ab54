use std::{io, thread};

use tokio::{runtime::Builder, select, sync::oneshot};

use super::stdout;
use crate::{exit::Failure, signals::Signals};

/// Does `work` until it is done, a signal comes, or nobody reads standard output any more.
///
/// It has a thread of its own: it may block for as long as standard output is full or standard
/// input silent, and is left to the end of the process then.
pub(super) fn until_over(
    work: impl FnOnce() -> Result<(), Failure> + Send + 'static,
) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    runtime.block_on(async {
        let mut signals = Signals::new().map_err(Failure::failed)?;
        let done = on_thread("events", work).map_err(Failure::failed)?;
        let closed = on_thread("stdout", stdout::wait_until_closed).map_err(Failure::failed)?;
        select! {
            biased;
            outcome = done => outcome.unwrap_or_else(|_| Err(Failure::failed("panicked"))),
            Ok(Ok(())) = closed => Err(Failure::StdoutClosed),
            () = signals.next() => Ok(()),
        }
    })
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
