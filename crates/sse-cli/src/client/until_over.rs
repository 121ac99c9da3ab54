use std::{io, thread};

use rustix::process::Signal;
use tokio::{
    runtime::Builder,
    select,
    sync::oneshot::{self, Receiver, error::RecvError},
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
        let (over, is_asked) = select! {
            biased;
            outcome = &mut done => return ended(outcome),
            Ok(Ok(())) = closed => (Err(Failure::StdoutClosed), false),
            _ = signals.next() => (Ok(()), true),
        };
        if !stop.ask() {
            return over;
        }
        tracing::info!("{WAITING}");
        until_command_over(&mut done, &mut signals, &stop, is_asked.into()).await.and(over)
    })
}

/// Waits for the command that runs, behind the signals that `came` before. The first waits with it, the
/// second is passed on to it, the third does not wait.
async fn until_command_over(
    done: &mut Receiver<Result<(), Failure>>,
    signals: &mut Signals,
    stop: &Stop,
    mut came: u32,
) -> Result<(), Failure> {
    loop {
        let signal = select! {
            biased;
            outcome = &mut *done => return match came {
                0 | 1 => ended(outcome),
                _ => ended(outcome).and(Err(Failure::failed("ended by a second signal"))),
            },
            signal = signals.next() => signal,
        };
        came += 1;
        match came {
            1 => tracing::info!("{WAITING}"),
            2 => {
                let signal = Signal::from_named_raw(signal.as_raw_value());
                stop.pass_on(signal.expect("all that are taken over have names"));
                tracing::info!("the signal was passed on to the command");
            }
            _ => return Err(Failure::failed("ended at once by a third signal")),
        }
    }
}

fn ended(outcome: Result<Result<(), Failure>, RecvError>) -> Result<(), Failure> {
    outcome.unwrap_or_else(|_| Err(Failure::failed("panicked")))
}

fn on_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Receiver<T>> {
    let (sender, receiver) = oneshot::channel();
    let work = move || drop(sender.send(work()));
    thread::Builder::new().name(name.to_owned()).spawn(work)?;
    Ok(receiver)
}

const WAITING: &str = "waiting for the command that runs";
