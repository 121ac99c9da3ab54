use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::tasks::Driver;

/// The body of an answer, which moves its connection while it is read and ends it when it is dropped.
#[derive(Debug)]
pub(super) struct DrivenBody {
    body: Incoming,
    driver: Option<Driver>,
}

impl DrivenBody {
    pub(super) fn new(body: Incoming, driver: Driver) -> Self {
        Self { body, driver: Some(driver) }
    }
}

impl Body for DrivenBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        if let Some(driver) = &mut self.driver
            && driver.poll(cx).is_ready()
        {
            self.driver = None;
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
