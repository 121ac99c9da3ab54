use std::{io, sync::Arc};

use sse_core::{Hub, hub::Counts};
use tokio::signal::unix::{SignalKind, signal};

use super::histories::Histories;

/// Logs what `hub` holds whenever SIGUSR1 comes, until the runtime ends.
pub(super) fn log_on_signal(hub: Arc<Hub>, histories: Histories) -> io::Result<()> {
    let mut asked = signal(SignalKind::user_defined1())?;
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            log(&hub.counts());
            match &histories {
                Histories::InMemory => {}
                Histories::OnDisk(data) => log_stored(&data.counts()),
                Histories::InRedis(redis) => log_shared(&redis.counts()),
            }
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

fn log_stored(counts: &sse_redb::Counts) {
    tracing::info!(
        channels = counts.channels,
        events = counts.kept_events,
        file_bytes = counts.file_bytes,
        index_bytes = counts.index_bytes,
        queue_events = counts.queue_events,
        queue_bytes = counts.queue_bytes,
        stored = counts.stored_events,
        trimmed = counts.trimmed,
        lost = counts.lost,
        damaged = counts.damaged,
        "held on disk"
    );
}

fn log_shared(counts: &sse_redis::Counts) {
    tracing::info!(
        channels = counts.channels,
        queue_bytes = counts.queue_bytes,
        connections = counts.connections,
        published = counts.published,
        messages = counts.messages,
        refills = counts.refills,
        pages = counts.pages,
        losses = counts.losses,
        "held in Redis"
    );
}
