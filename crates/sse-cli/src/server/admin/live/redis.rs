use serde::Serialize;

use super::census::Snapshot;

/// What a viewer is told of histories in Redis.
#[derive(Debug, Serialize)]
pub(super) struct Redis {
    /// What is wrong, if anything is.
    trouble: Option<String>,
    /// Channels that this server has heard of there.
    channels: usize,
    queue_bytes: usize,
    connections: u64,
    published: u64,
    /// Publications a second, if that is known.
    rate: Option<f64>,
    messages: u64,
    refills: u64,
    pages: u64,
    losses: u64,
}

impl Redis {
    /// `None` if nothing is in Redis.
    pub(super) fn new(snapshot: &Snapshot) -> Option<Self> {
        let redis = snapshot.seen.histories.in_redis()?;
        let now = snapshot.redis.as_ref()?;
        let since = snapshot.since.as_ref();
        let before = since.and_then(|since| Some((since.redis.as_ref()?, since.seconds)));
        Some(Self {
            trouble: redis.trouble().map(|trouble| trouble.to_string()),
            channels: now.channels,
            queue_bytes: now.queue_bytes,
            connections: now.connections,
            published: now.published,
            rate: before
                .map(|(before, seconds)| (now.published - before.published) as f64 / seconds),
            messages: now.messages,
            refills: now.refills,
            pages: now.pages,
            losses: now.losses,
        })
    }
}
