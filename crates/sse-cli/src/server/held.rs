use std::{io, sync::Arc};

use sse_core::{Hub, hub::Counts};
use tokio::signal::unix::{SignalKind, signal};

/// Logs what `hub` holds whenever SIGUSR1 comes, until the runtime ends.
pub(super) fn log_on_signal(hub: Arc<Hub>) -> io::Result<()> {
    let mut asked = signal(SignalKind::user_defined1())?;
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            log(&hub.counts());
        }
    });
    Ok(())
}

fn log(counts: &Counts) {
    tracing::info!(
        channels = counts.channels,
        listeners = counts.listeners,
        leaving = counts.leaving,
        unread_bytes = counts.unread_bytes,
        history_bytes = counts.history_bytes,
        published = counts.published,
        overruns = counts.overruns,
        gaps = counts.gaps,
        "held"
    );
}
