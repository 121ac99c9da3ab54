use std::{io::Write, pin::pin};

use futures_util::StreamExt;
use sse_hyper::{EventSourceBuilder, Notice};
use tokio::runtime::Builder;

use super::printer::Printer;
use crate::exit::Failure;

/// Prints the events of a server until there are no more, or there were enough.
pub(super) fn listen<W: Write>(
    source: EventSourceBuilder,
    printer: &mut Printer<W>,
) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    let outcome = runtime.block_on(print(source, printer));
    // A name that is still looked up is not waited for.
    runtime.shutdown_background();
    outcome
}

async fn print<W: Write>(
    source: EventSourceBuilder,
    printer: &mut Printer<W>,
) -> Result<(), Failure> {
    let mut source = pin!(source.build().map_err(Failure::failed)?);
    while let Some(notice) = source.next().await {
        let printed = match notice.map_err(Failure::failed)? {
            Notice::Event(event) => {
                printer.event(event.name(), event.data(), event.last_event_id())
            }
            Notice::Comment(comment) => printer.comment(&comment),
            Notice::Retry(retry) => printer.retry(retry),
            notice => {
                log(&notice);
                Ok(())
            }
        };
        printed.map_err(Failure::stdout)?;
        if printer.is_done() {
            return Ok(());
        }
    }
    Ok(())
}

fn log(notice: &Notice) {
    match notice {
        Notice::Open => tracing::info!("connected"),
        Notice::Reconnecting { after, because } => {
            tracing::info!(?after, "{because}, reconnecting");
        }
        notice => tracing::debug!(?notice, "not known"),
    }
}
