use std::{fmt::Display, io::Write, pin::pin};

use futures_util::StreamExt;
use http::StatusCode;
use sse_core::client::Disconnect;
use sse_hyper::{EventSourceBuilder, Interrupted, Notice};
use tokio::runtime::Builder;

use super::handler::Handler;
use crate::{exit::Failure, hint::with_option, shown::cut};

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
    let mut log = Log { is_url, shown_body: None };
    while let Some(notice) = source.next().await {
        match notice.map_err(|because| log.failure(&because))? {
            Notice::Event(event) => {
                if handler.handle(event.as_ref())?.is_break() {
                    return Ok(());
                }
            }
            Notice::Comment(comment) => handler.comment(&comment)?,
            Notice::Retry(retry) => handler.retry(retry)?,
            Notice::LastEventId(id) => handler.save(&id)?,
            Notice::Open => {
                tracing::debug!("connected");
                // The server has taken it, if it was sent.
                if !source.last_event_id().is_empty() {
                    handler.save(source.last_event_id())?;
                }
            }
            notice => log.notice(&notice),
        }
    }
    tracing::debug!("closed");
    handler.end()
}

/// Says on standard error what goes wrong, and what is waited for.
#[derive(Debug)]
struct Log {
    is_url: bool,
    /// The last body that was shown: most refusals come again word for word.
    shown_body: Option<String>,
}

impl Log {
    fn notice(&mut self, notice: &Notice) {
        match notice {
            Notice::Reconnecting { after, because } => {
                let seconds = after.as_secs_f64();
                let reason = self.hinted(reason(because), because);
                tracing::info!("reconnecting in {seconds:.1} s: {reason}");
                if let Some(body) = because.body()
                    && self.shown_body.as_deref() != Some(body)
                {
                    tracing::info!("the server says: {}", body.trim_end());
                    self.shown_body = Some(body.to_owned());
                }
            }
            Notice::Discarded(discarded) => tracing::warn!("{}", cut(&discarded.to_string(), 1024)),
            Notice::LastEventIdOmitted(id) => {
                let (shown, len) = (cut(id, 64), id.len());
                tracing::warn!(
                    "the last event ID {shown:?} of {len} bytes is not sent: a header takes up to 4096, and no \
                     control characters"
                );
            }
            notice => tracing::debug!(?notice, "not known"),
        }
    }

    /// Why the client gives up, with what the server says of it.
    fn failure(&self, because: &Interrupted) -> Failure {
        let said = self.hinted(because, because);
        Failure::failed(match because.body() {
            Some(body) => format!("{said}\n{}", body.trim_end()),
            None => said,
        })
    }

    /// What is `said` of it, with the option that would mend it, if there is one.
    fn hinted(&self, said: impl Display, because: &Interrupted) -> String {
        let mismatch = because.tls_mismatch().filter(|_| !self.is_url);
        with_option(cut(&said.to_string(), 1024), mismatch, because.certificate_problem())
    }
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
