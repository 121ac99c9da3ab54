use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use sse_core::{
    access::{AccessRequest, Grant, Limited, Limiter, Operation, Seat},
    gateway::RemoteAddr,
};

use crate::patience;

/// A limiter that says what a test tells it, and counts the seats that it has given.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScriptedLimiter {
    script: Arc<Mutex<Script>>,
    seats: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct Script {
    limited: Option<Limited>,
    asked: Vec<String>,
    address: Option<RemoteAddr>,
}

impl ScriptedLimiter {
    /// Refuses everybody by `limited` from now on, or nobody.
    pub(crate) fn say(&self, limited: Option<Limited>) {
        self.script().limited = limited;
    }

    /// How many seats are taken.
    pub(crate) fn seats(&self) -> usize {
        self.seats.load(Ordering::SeqCst)
    }

    /// Waits until so many are taken.
    pub(crate) async fn until_seats(&self, seats: usize) {
        patience::until("the seats change", async || self.seats() == seats).await;
    }

    /// What it was asked for since this was called last: operation, channel, and the subject of the grant.
    pub(crate) fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.script().asked)
    }

    /// The address of the client that asked last.
    pub(crate) fn address(&self) -> Option<RemoteAddr> {
        self.script().address
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("nothing panics under this lock")
    }
}

impl Limiter for ScriptedLimiter {
    fn admit(
        &self,
        request: &AccessRequest<'_>,
        grant: Option<&Grant>,
        _now: Instant,
    ) -> Result<Seat, Limited> {
        let operation = match request.operation() {
            Operation::Listen => "listen",
            Operation::Publish { name, .. } => name,
            Operation::Ticket => "ticket",
            _ => "more than is known here",
        };
        let who = grant.and_then(Grant::subject).unwrap_or("somebody");
        let mut script = self.script();
        script.address = request.parts().extensions.get().copied();
        script.asked.push(format!("{operation} {} by {who}", request.token().as_str()));
        match script.limited.clone() {
            Some(limited) => Err(limited),
            None => {
                self.seats.fetch_add(1, Ordering::SeqCst);
                Ok(Seat::new(Taken(self.seats.clone())))
            }
        }
    }
}

/// A seat, given back when it is dropped.
struct Taken(Arc<AtomicUsize>);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
