use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use rustix::process::Signal;

use super::group::Group;

/// Asks the work to stop between two events, and tells whether one is being handled.
///
/// Each side writes its own flag before it reads the other's, so that one of them at least sees what
/// the other does: no command begins unseen once the stop is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    is_asked: AtomicBool,
    is_busy: AtomicBool,
    group: Group,
}

impl Stop {
    /// Asks for the stop; whether the work is busy, and soon ends by itself.
    pub(super) fn ask(&self) -> bool {
        self.0.is_asked.store(true, SeqCst);
        self.0.is_busy.load(SeqCst)
    }

    /// Asks the command that runs to end, too.
    pub(super) fn pass_on(&self, signal: Signal) {
        self.0.group.signal(signal);
    }

    /// Where the command that runs is found.
    pub(super) fn group(&self) -> Group {
        self.0.group.clone()
    }

    /// Says that an event is handled now; whether it may be.
    pub(super) fn begin(&self) -> bool {
        self.0.is_busy.store(true, SeqCst);
        !self.0.is_asked.load(SeqCst)
    }

    /// Says that the event is done; whether there may be another.
    pub(super) fn end(&self) -> bool {
        self.0.is_busy.store(false, SeqCst);
        !self.0.is_asked.load(SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_work_ends_with_its_event_and_idle_work_begins_none() {
        let (busy, idle) = (Stop::default(), Stop::default());

        assert!(busy.begin());
        assert!(busy.ask());
        assert!(!busy.end());

        assert!(idle.begin() && idle.end());
        assert!(!idle.ask());
        assert!(!idle.begin());
    }
}
