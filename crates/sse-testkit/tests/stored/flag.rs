use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Wake, Waker},
};

/// Whether somebody was woken: who was not is not polled.
#[derive(Clone, Debug)]
pub(crate) struct Flag(Arc<Woken>);

#[derive(Debug)]
struct Woken(AtomicBool);

impl Flag {
    /// A flag of somebody who was never polled.
    pub(crate) fn raised() -> Self {
        Self(Arc::new(Woken(AtomicBool::new(true))))
    }

    pub(crate) fn waker(&self) -> Waker {
        self.0.clone().into()
    }

    pub(crate) fn raise(&self) {
        self.0.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.0.0.load(Ordering::Relaxed)
    }

    pub(crate) fn lower(&self) {
        self.0.0.store(false, Ordering::Relaxed);
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
