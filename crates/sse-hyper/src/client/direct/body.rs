use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::{connector::DialError, tasks::Driver};
use crate::client::limits::{TooLong, is_behind_the_body};

/// The body of an answer, which moves its connection while it is read and ends it when it is dropped.
#[derive(Debug)]
pub(super) struct DrivenBody {
    body: Incoming,
    driver: Driver,
}

impl DrivenBody {
    pub(super) fn new(body: Incoming, driver: Driver) -> Self {
        Self { body, driver }
    }
}

impl Body for DrivenBody {
    type Data = Bytes;
    type Error = DialError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, DialError>>> {
        let mut frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_pending() {
            self.driver.poll(cx);
            frame = Pin::new(&mut self.body).poll_frame(cx);
        }
        frame.map(|frame| match frame? {
            Ok(frame) => Some(Ok(frame)),
            Err(error) if is_behind_the_body(&error) => None,
            Err(error) => Some(Err(match TooLong::behind(&error) {
                Some(too_long) => too_long.into(),
                None => error.into(),
            })),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
