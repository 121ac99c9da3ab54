use std::{
    io::{self, Read, Write},
    ops::ControlFlow,
};

use sse_core::{Decoder, Disconnect, Item, SystemEvent};

use super::handler::Handler;
use crate::exit::Failure;

/// Handles the events of the stream `input`, which goes on after `last_event_id`, to its end.
pub(super) fn decode<W: Write>(
    mut input: impl Read,
    last_event_id: &str,
    handler: &mut Handler<W>,
) -> Result<(), Failure> {
    let mut decoder =
        Decoder::new().with_comments(handler.is_for_all()).with_last_event_id(last_event_id);
    let mut buffer = vec![0; READ_SIZE];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(len) => {
                if handle(&mut decoder, &buffer[..len], handler)?.is_break() {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            Err(error) => return Err(Failure::failed(StdinError(error))),
        }
    }
}

fn handle<W: Write>(
    decoder: &mut Decoder,
    mut input: &[u8],
    handler: &mut Handler<W>,
) -> Result<ControlFlow<()>, Failure> {
    while let Some(item) = decoder.decode(&mut input).map_err(Failure::failed)? {
        match item {
            Item::Event(event) => {
                let (name, data, id) = (event.name(), event.data(), event.last_event_id());
                let system = SystemEvent::of(event);
                if system.is_some() {
                    handler.system_event(name, data, id)?;
                } else if handler.event(name, data, id)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                if let Some(SystemEvent::Refused { status }) = system {
                    return Err(Failure::failed(Disconnect::Refused { status }));
                }
            }
            Item::Comment(comment) => handler.comment(comment)?,
            Item::Retry(retry) => handler.retry(retry)?,
            Item::Dropped(error) => return Err(Failure::failed(error)),
        }
    }
    Ok(ControlFlow::Continue(()))
}

#[derive(Debug, thiserror::Error)]
#[error("cannot read standard input")]
struct StdinError(#[source] io::Error);

const READ_SIZE: usize = 64 << 10;
