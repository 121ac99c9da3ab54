use std::{
    io,
    process::Child,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustix::process::{Pid, Signal, kill_process_group};

/// The process group of the command that runs, to which a signal is passed on.
#[derive(Clone, Debug, Default)]
pub(super) struct Group(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    running: Option<Pid>,
    /// It came when the command was not there yet.
    early: Option<Signal>,
}

impl Group {
    /// Sends `signal` to the command that runs, and to all that it has started.
    pub(super) fn signal(&self, signal: Signal) {
        let mut state = self.state();
        match state.running {
            Some(group) => send(group, signal),
            None => state.early = Some(signal),
        }
    }

    /// Says that `command` runs, the first of a process group of its own.
    pub(super) fn begin(&self, command: &Child) {
        let group = Pid::from_child(command);
        let mut state = self.state();
        state.running = Some(group);
        if let Some(signal) = state.early.take() {
            send(group, signal);
        }
    }

    /// Says that the command is over. The process must not be reaped yet: afterwards, its ID may belong to
    /// another one.
    pub(super) fn end(&self) {
        self.state().running = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn send(group: Pid, signal: Signal) {
    // A command that the terminal has stopped, because it asked for a key, hears nothing until it goes on.
    for signal in [signal, Signal::CONT] {
        if let Err(error) = kill_process_group(group, signal) {
            let error = io::Error::from(error);
            tracing::warn!("the command that runs cannot be sent a signal: {error}");
            return;
        }
    }
}
