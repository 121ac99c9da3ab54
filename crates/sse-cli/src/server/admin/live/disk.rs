use serde::Serialize;
use sse_redb::CommitTimes;

use super::{census::Snapshot, overview::Latency};

/// What a viewer is told of histories on disk.
#[derive(Debug, Serialize)]
pub(super) struct Disk {
    /// What is wrong, if anything is.
    trouble: Option<String>,
    channels: usize,
    events: usize,
    file_bytes: u64,
    index_bytes: usize,
    queue_events: usize,
    queue_bytes: usize,
    stored: u64,
    /// Events a second, if that is known.
    rate: Option<f64>,
    trimmed: u64,
    lost: u64,
    damaged: u64,
    /// How long the slowest commits of the last second took.
    commit: Option<Latency>,
}

impl Disk {
    /// `None` if nothing is on disk.
    pub(super) fn new(snapshot: &Snapshot) -> Option<Self> {
        let data = snapshot.seen.histories.on_disk()?;
        let now = snapshot.disk.as_ref()?;
        let since = snapshot.since.as_ref();
        let before = since.and_then(|since| Some((since.disk.as_ref()?, since.seconds)));
        Some(Self {
            trouble: data.trouble().map(|trouble| trouble.to_string()),
            channels: now.channels,
            events: now.kept_events,
            file_bytes: now.file_bytes,
            index_bytes: now.index_bytes,
            queue_events: now.queue_events,
            queue_bytes: now.queue_bytes,
            stored: now.stored_events,
            rate: before.map(|(before, seconds)| {
                (now.stored_events - before.stored_events) as f64 / seconds
            }),
            trimmed: now.trimmed,
            lost: now.lost,
            damaged: now.damaged,
            commit: before.and_then(|(before, _)| slowest(&now.commits, &before.commits)),
        })
    }
}

/// What 99 of 100 commits that are in `now` and were not in `before` did not take longer than.
fn slowest(now: &CommitTimes, before: &CommitTimes) -> Option<Latency> {
    let mut below = 0;
    let new = now.buckets().zip(before.buckets());
    let up_to = new.filter_map(|((bound, now), (_, before))| {
        below += now - before;
        Some((bound?, below))
    });
    Latency::new(now.count() - before.count(), up_to)
}
