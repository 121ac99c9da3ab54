use std::{io::Write, pin::pin};

use futures_util::StreamExt;
use sse_core::Disconnect;
use sse_hyper::{EventSourceBuilder, Interrupted, Notice};
use tokio::runtime::Builder;

use super::handler::Handler;
use crate::exit::Failure;

/// Handles the events of a server until there are no more, or there were enough.
pub(super) fn listen<W: Write>(
    source: EventSourceBuilder,
    handler: &mut Handler<W>,
) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    let outcome = runtime.block_on(handle(source, handler));
    // A name that is still looked up is not waited for.
    runtime.shutdown_background();
    outcome
}

async fn handle<W: Write>(
    source: EventSourceBuilder,
    handler: &mut Handler<W>,
) -> Result<(), Failure> {
    let mut source = pin!(source.build().map_err(Failure::failed)?);
    while let Some(notice) = source.next().await {
        match notice.map_err(Failure::failed)? {
            Notice::Event(event) => {
                let (name, data) = (event.name(), event.data());
                if handler.event(name, data, event.last_event_id())?.is_break() {
                    return Ok(());
                }
            }
            Notice::Comment(comment) => handler.comment(&comment)?,
            Notice::Retry(retry) => handler.retry(retry)?,
            notice => log(&notice),
        }
    }
    tracing::info!("closed");
    Ok(())
}

fn log(notice: &Notice) {
    match notice {
        Notice::Open => tracing::info!("connected"),
        Notice::Reconnecting { after, because } => {
            let seconds = after.as_secs_f64();
            tracing::info!("reconnecting in {seconds:.1} s: {}", reason(because));
        }
        Notice::LastEventIdOmitted(id) => {
            tracing::warn!("no header can carry the last event ID {id:?}: it is not sent");
        }
        notice => tracing::debug!(?notice, "not known"),
    }
}

/// Why it is waited; of an answer, its status as it was sent.
fn reason(because: &Interrupted) -> String {
    let Disconnect::Status { status, retry_after } = because.disconnect() else {
        return because.to_string();
    };
    let status = match status.canonical_reason() {
        Some(_) => status.to_string(),
        None => status.as_str().to_owned(),
    };
    match retry_after {
        Some(retry_after) => format!("{status}, Retry-After: {retry_after}"),
        None => status,
    }
}
