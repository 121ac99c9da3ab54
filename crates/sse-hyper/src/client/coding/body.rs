use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame};

use super::{CodingError, codec::Codec};
use crate::client::{TransportBody, transport::SharedError};

/// A body without one content coding. It gives what it can with each read, and no more than a little at
/// a time, however much the coding makes of it.
#[derive(Debug)]
pub(super) struct DecodedBody {
    body: TransportBody,
    codec: Codec,
    input: Bytes,
    /// The last step filled all the room it had: there may be more to come without input.
    is_full: bool,
    is_whole: bool,
    is_ended: bool,
}

impl DecodedBody {
    pub(super) fn new(body: TransportBody, codec: Codec) -> Self {
        let input = Bytes::new();
        Self { body, codec, input, is_full: false, is_whole: true, is_ended: false }
    }

    /// The next bytes, if what has arrived makes some.
    fn step(&mut self) -> Result<Option<Bytes>, CodingError> {
        while self.is_full || !self.input.is_empty() {
            let mut output = vec![0; MAX_OUTPUT];
            let name = self.codec.name();
            let step = self.codec.step(&self.input, &mut output);
            let step = step.ok_or(CodingError::Malformed { name })?;
            self.input.advance(step.read);
            self.is_full = step.written == MAX_OUTPUT;
            if 0 < step.read + step.written {
                self.is_whole = step.is_whole;
            }
            if step.is_whole && !self.codec.restart() {
                // What follows is nobody's.
                self.input = Bytes::new();
                self.is_full = false;
            }
            if 0 < step.written {
                output.truncate(step.written);
                return Ok(Some(output.into()));
            }
            if step.read == 0 && !self.input.is_empty() {
                return Err(CodingError::Malformed { name });
            }
        }
        Ok(None)
    }
}

impl Body for DecodedBody {
    type Data = Bytes;
    type Error = SharedError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SharedError>>> {
        loop {
            if self.is_ended {
                return Poll::Ready(None);
            }
            match self.step() {
                Ok(Some(output)) => return Poll::Ready(Some(Ok(Frame::data(output)))),
                Ok(None) => (),
                Err(error) => return self.end(error),
            }
            match ready!(Pin::new(&mut self.body.0).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.input = data;
                    }
                }
                Some(Err(error)) => {
                    self.is_ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None if self.is_whole => self.is_ended = true,
                None => {
                    let name = self.codec.name();
                    return self.end(CodingError::Truncated { name });
                }
            }
        }
    }
}

impl DecodedBody {
    fn end(&mut self, error: CodingError) -> Poll<Option<Result<Frame<Bytes>, SharedError>>> {
        self.is_ended = true;
        let error: Box<dyn std::error::Error + Send + Sync> = error.into();
        Poll::Ready(Some(Err(error.into())))
    }
}

const MAX_OUTPUT: usize = 16 << 10;
