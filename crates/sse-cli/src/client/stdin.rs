use std::{
    io::{self, Read, Write},
    ops::ControlFlow,
};

use sse_core::{
    Decoder, Item,
    client::{Disconnect, SystemEvent},
    wire::Leftover,
};

use super::handler::Handler;
use crate::{exit::Failure, shown::cut};

/// Handles the events of the stream `input`, which goes on after `last_event_id`, to its end.
pub(super) fn decode<W: Write>(
    mut input: impl Read,
    last_event_id: &str,
    handler: &mut Handler<W>,
) -> Result<(), Failure> {
    let decoder =
        Decoder::new().with_comments(handler.is_for_all()).with_last_event_id(last_event_id);
    let mut stream = Stream { decoder, leftover: Leftover::new(), handler };
    let mut buffer = vec![0; READ_SIZE];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return stream.end(),
            Ok(len) => {
                if stream.handle(&buffer[..len])?.is_break() {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            Err(error) => return Err(Failure::failed(StdinError(error))),
        }
    }
}

struct Stream<'a, W> {
    decoder: Decoder,
    leftover: Leftover,
    handler: &'a mut Handler<W>,
}

impl<W: Write> Stream<'_, W> {
    fn handle(&mut self, mut input: &[u8]) -> Result<ControlFlow<()>, Failure> {
        let handler = &mut *self.handler;
        loop {
            let before = input;
            let item = self.decoder.decode(&mut input).map_err(Failure::failed)?;
            let taken = &before[..before.len() - input.len()];
            match item {
                Some(Item::Event(event)) => {
                    self.leftover.clear();
                    if handler.handle(event)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                    match SystemEvent::of(event) {
                        Some(SystemEvent::Refused { status }) => {
                            return Err(Failure::failed(Disconnect::Refused { status }));
                        }
                        Some(SystemEvent::Replaced) => {
                            return Err(Failure::failed(Disconnect::Replaced));
                        }
                        _ => continue,
                    }
                }
                Some(Item::Comment(comment)) => handler.comment(comment)?,
                Some(Item::Retry(retry)) => handler.retry(retry)?,
                Some(Item::Dropped(error)) => return Err(Failure::failed(error)),
                None => {
                    self.leftover.skip(taken);
                    handler.save(self.decoder.last_event_id())?;
                    return Ok(ControlFlow::Continue(()));
                }
            }
            self.leftover.skip(taken);
        }
    }

    fn end(self) -> Result<(), Failure> {
        if let Some(discarded) = self.leftover.discarded() {
            tracing::warn!("{}", cut(&discarded.to_string(), 1024));
        }
        self.handler.end()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("cannot read standard input")]
struct StdinError(#[source] io::Error);

const READ_SIZE: usize = 64 << 10;
