use std::{fmt::Display, io::Write, pin::pin};

use futures_util::StreamExt;
use http::StatusCode;
use sse_core::{Disconnect, SystemEvent};
use sse_hyper::{EventSourceBuilder, Interrupted, Notice};
use tokio::runtime::Builder;

use super::handler::Handler;
use crate::{exit::Failure, tls_hint::with_option};

/// Handles the events of a server until there are no more, or there were enough.
pub(super) fn listen<W: Write>(
    source: EventSourceBuilder,
    is_url: bool,
    handler: &mut Handler<W>,
) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
    let outcome = runtime.block_on(handle(source, is_url, handler));
    // A name that is still looked up is not waited for.
    runtime.shutdown_background();
    outcome
}

async fn handle<W: Write>(
    source: EventSourceBuilder,
    is_url: bool,
    handler: &mut Handler<W>,
) -> Result<(), Failure> {
    let mut source = pin!(source.build().map_err(Failure::failed)?);
    while let Some(notice) = source.next().await {
        let notice =
            notice.map_err(|because| Failure::failed(hinted(&because, &because, is_url)))?;
        match notice {
            Notice::Event(event) => {
                let (name, data, id) = (event.name(), event.data(), event.last_event_id());
                if SystemEvent::of(event.as_ref()).is_some() {
                    handler.system_event(name, data, id)?;
                } else if handler.event(name, data, id)?.is_break() {
                    return Ok(());
                }
            }
            Notice::Comment(comment) => handler.comment(&comment)?,
            Notice::Retry(retry) => handler.retry(retry)?,
            notice => log(&notice, is_url),
        }
    }
    tracing::info!("closed");
    Ok(())
}

fn log(notice: &Notice, is_url: bool) {
    match notice {
        Notice::Open => tracing::info!("connected"),
        Notice::Reconnecting { after, because } => {
            let seconds = after.as_secs_f64();
            let reason = hinted(reason(because), because, is_url);
            tracing::info!("reconnecting in {seconds:.1} s: {reason}");
        }
        Notice::LastEventIdOmitted(id) => {
            tracing::warn!("no header can carry the last event ID {id:?}: it is not sent");
        }
        notice => tracing::debug!(?notice, "not known"),
    }
}

/// What is `said` of it, with the option that would mend it, if there is one.
fn hinted(said: impl Display, because: &Interrupted, is_url: bool) -> String {
    with_option(said, because.tls_mismatch().filter(|_| !is_url))
}

/// Why it is waited; of an answer, its status as it was sent.
fn reason(because: &Interrupted) -> String {
    match because.disconnect() {
        Disconnect::Status { status, retry_after: Some(retry_after) } => {
            format!("{}, Retry-After: {retry_after}", shown(*status))
        }
        Disconnect::Status { status, .. } => shown(*status),
        Disconnect::Refused { status } => format!("{} (refused)", shown(*status)),
        _ => because.to_string(),
    }
}

fn shown(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(_) => status.to_string(),
        None => status.as_str().to_owned(),
    }
}
