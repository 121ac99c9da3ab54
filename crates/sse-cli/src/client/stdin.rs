use std::{
    io::{self, Read, Write},
    ops::ControlFlow,
};

use sse_core::{Decoder, Item};

use super::printer::Printer;
use crate::exit::Failure;

/// Prints the events of the stream `input`, which goes on after `last_event_id`, to its end.
pub(super) fn decode<W: Write>(
    mut input: impl Read,
    last_event_id: &str,
    printer: &mut Printer<W>,
) -> Result<(), Failure> {
    let mut decoder =
        Decoder::new().with_comments(printer.is_for_all()).with_last_event_id(last_event_id);
    let mut buffer = vec![0; READ_SIZE];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(len) => {
                if print(&mut decoder, &buffer[..len], printer)?.is_break() {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            Err(error) => return Err(Failure::failed(StdinError(error))),
        }
    }
}

fn print<W: Write>(
    decoder: &mut Decoder,
    mut input: &[u8],
    printer: &mut Printer<W>,
) -> Result<ControlFlow<()>, Failure> {
    while let Some(item) = decoder.decode(&mut input).map_err(Failure::failed)? {
        let printed = match item {
            Item::Event(event) => printer.event(event.name(), event.data(), event.last_event_id()),
            Item::Comment(comment) => printer.comment(comment),
            Item::Retry(retry) => printer.retry(retry),
            Item::Dropped(error) => return Err(Failure::failed(error)),
        };
        printed.map_err(Failure::stdout)?;
        if printer.is_done() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

#[derive(Debug, thiserror::Error)]
#[error("cannot read standard input")]
struct StdinError(#[source] io::Error);

const READ_SIZE: usize = 64 << 10;
