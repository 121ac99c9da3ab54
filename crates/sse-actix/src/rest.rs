use std::{
    cell::Cell,
    future::{Future, poll_fn},
    mem,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use crate::request::RequestBody;

/// What reads the rest of a request's body and throws it away.
pub(crate) struct Rest {
    draining: Option<Pin<Box<dyn Future<Output = ()>>>>,
    has_ended: Rc<Cell<bool>>,
}

impl Rest {
    /// What remains of the body of which `has_ended` tells.
    pub(crate) fn new(
        rest: Option<sse_tokio::Rest<RequestBody>>,
        has_ended: Rc<Cell<bool>>,
    ) -> Self {
        Self { draining: rest.map(|rest| Box::pin(rest.drain()) as _), has_ended }
    }

    /// Nothing remains.
    pub(crate) fn none() -> Self {
        Self { draining: None, has_ended: Rc::new(Cell::new(true)) }
    }

    /// Reads what has arrived already, for which actix-web has to have another turn.
    ///
    /// It closes the connection behind an answer that comes before the end of a request.
    pub(crate) async fn read_arrived(&mut self) {
        let mut has_had_turn = false;
        poll_fn(|cx| {
            if self.poll_drained(cx).is_ready() || has_had_turn {
                return Poll::Ready(());
            }
            has_had_turn = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Reads to the end, or to the limits.
    pub(crate) fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(draining) = &mut self.draining else {
            return Poll::Ready(());
        };
        let drained = draining.as_mut().poll(cx);
        if drained.is_ready() {
            self.draining = None;
        }
        drained
    }

    /// Reads in a task of its own, which outlives the answer.
    pub(crate) fn spawn(&mut self) {
        if let Some(draining) = mem::replace(self, Self::none()).draining {
            actix_web::rt::spawn(draining);
        }
    }

    /// Whether there is something left to be read.
    pub(crate) fn is_some(&self) -> bool {
        self.draining.is_some()
    }

    /// Whether the request was read to its end, and not only to the limits.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.get()
    }
}
