use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use actix_web::dev::Payload;
use futures_core::Stream;
use sse_tokio::{LazyTimer, now};

/// Looks every second whether the client of a stream over HTTP/2 is still there.
///
/// actix-web asks an idle stream for nothing but its body, also when its connection is long gone. The
/// request's payload knows, but wakes nobody once the request was read to its end.
pub(crate) struct Watch {
    payload: Rc<RefCell<Payload>>,
    timer: LazyTimer,
    until: Instant,
}

impl Watch {
    /// Watches over the client that sent `payload`.
    pub(crate) fn new(payload: Rc<RefCell<Payload>>) -> Self {
        Self { payload, timer: LazyTimer::default(), until: now() + INTERVAL }
    }

    /// Ready once the client is gone.
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.poll_until(Some(self.until), cx));
            let mut payload = self.payload.borrow_mut();
            if let Poll::Ready(Some(Err(_))) = Pin::new(&mut *payload).poll_next(cx) {
                return Poll::Ready(());
            }
            self.until = now() + INTERVAL;
        }
    }
}

const INTERVAL: Duration = Duration::from_secs(1);
