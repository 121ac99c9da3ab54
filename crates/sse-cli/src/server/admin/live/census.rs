use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sse_access::limits;
use sse_core::hub::{self, ChannelInfo};
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use super::super::seen::Seen;

/// A look at all channels, once a second for everybody who watches, and never while nobody does.
#[derive(Debug)]
pub(super) struct Census {
    seen: Seen,
    latest: watch::Sender<Option<Arc<Snapshot>>>,
    is_running: Mutex<bool>,
}

impl Census {
    pub(super) fn new(seen: Seen) -> Arc<Self> {
        Arc::new(Self { seen, latest: watch::Sender::new(None), is_running: Mutex::new(false) })
    }

    /// A snapshot now, and then one each second. A slow reader gets the newest one, and misses those before it.
    pub(super) fn watch(self: &Arc<Self>) -> Watch {
        let mut is_running = self.is_running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut receiver = self.latest.subscribe();
        receiver.mark_changed();
        if !*is_running {
            *is_running = true;
            tokio::spawn(self.clone().run());
        }
        Watch(receiver)
    }

    async fn run(self: Arc<Self>) {
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut before = None;
        loop {
            seconds.tick().await;
            let census = self.clone();
            // With very many channels it takes a while to look at them, and to forget what was seen before.
            let looked = spawn_blocking(move || census.look(before)).await;
            before = Some(looked.expect("a look at the channels does not panic"));
            if !self.is_watched() {
                drop(spawn_blocking(|| drop(before)));
                return;
            }
        }
    }

    fn look(&self, before: Option<Arc<Snapshot>>) -> Arc<Snapshot> {
        let snapshot = Arc::new(Snapshot::take(self.seen.clone(), before.as_deref()));
        self.latest.send_replace(Some(snapshot.clone()));
        snapshot
    }

    /// Whether anybody still watches. If nobody does, this run ends, and the next viewer starts another.
    fn is_watched(&self) -> bool {
        let mut is_running = self.is_running.lock().unwrap_or_else(PoisonError::into_inner);
        *is_running = 0 < self.latest.receiver_count();
        if !*is_running {
            self.latest.send_replace(None);
        }
        *is_running
    }
}

/// The newest snapshot, as long as this is there.
#[derive(Debug)]
pub(super) struct Watch(watch::Receiver<Option<Arc<Snapshot>>>);

impl Watch {
    /// The newest that was not seen yet; `None` if there will be none.
    pub(super) async fn next(&mut self) -> Option<Arc<Snapshot>> {
        loop {
            self.0.changed().await.ok()?;
            let latest = self.0.borrow_and_update().clone();
            if latest.is_some() {
                return latest;
            }
        }
    }
}

/// What there was at one instant, and what has changed since the one before.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) seen: Seen,
    pub(super) hub: hub::Counts,
    pub(super) limits: limits::Counts,
    pub(super) disk: Option<sse_redb::Counts>,
    pub(super) redis: Option<sse_redis::Counts>,
    pub(super) rows: Vec<Row>,
    pub(super) since: Option<Since>,
    at: Instant,
}

/// A channel.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) info: ChannelInfo,
    /// Events a second; `None` if that is not known yet.
    pub(super) rate: Option<f64>,
}

/// The counts of the snapshot before.
#[derive(Debug)]
pub(super) struct Since {
    pub(super) seconds: f64,
    pub(super) hub: hub::Counts,
    pub(super) limits: limits::Counts,
    pub(super) disk: Option<sse_redb::Counts>,
    pub(super) redis: Option<sse_redis::Counts>,
}

impl Snapshot {
    fn take(seen: Seen, before: Option<&Self>) -> Self {
        let (hub, limits, at) = (seen.hub.counts(), seen.limits.counts(), Instant::now());
        let disk = seen.histories.on_disk().map(|data| data.counts());
        let redis = seen.histories.in_redis().map(|redis| redis.counts());
        let since = before.map(|before| Since {
            seconds: (at - before.at).as_secs_f64(),
            hub: before.hub.clone(),
            limits: before.limits.clone(),
            disk: before.disk.clone(),
            redis: before.redis,
        });
        let seconds = since.as_ref().map(|since| since.seconds);
        let infos = before.iter().flat_map(|before| &before.rows).map(|row| &row.info);
        let known: HashMap<_, _> = infos.map(|info| (&info.token, info.published)).collect();
        let rows = seen.hub.channels().into_iter().map(|info| {
            let published = known.get(&info.token).copied().unwrap_or(0);
            // A channel that has ended and is there again has begun to count anew.
            let new = info.published.checked_sub(published).unwrap_or(info.published);
            Row { rate: seconds.map(|seconds| new as f64 / seconds), info }
        });
        Self { hub, limits, disk, redis, since, at, rows: rows.collect(), seen }
    }
}

#[cfg(test)]
mod tests {
    use sse_access::limits::Limits;
    use sse_core::{Hub, HubConfig, StringFormat, Token};

    use super::*;
    use crate::server::histories::Histories;

    #[tokio::test]
    async fn it_looks_once_for_all_who_watch_and_never_for_nobody() {
        let (seen, _drains) = Seen::new(
            Hub::new(HubConfig::new(StringFormat)),
            Arc::new(Limits::new()),
            Histories::default(),
        );
        let hub = seen.hub.clone();
        let token = Token::new("42").unwrap();
        let _listener = hub.subscribe(&token, Instant::now()).unwrap();
        let census = Census::new(seen);
        let (mut one, mut other) = (census.watch(), census.watch());
        let first = one.next().await.unwrap();
        assert!(Arc::ptr_eq(&first, &other.next().await.unwrap()));
        assert_eq!(first.rows[0].rate, None);
        hub.publish(&token, "ping", b"hi", Instant::now()).unwrap().wake();

        let second = one.next().await.unwrap();

        let seconds = second.since.as_ref().unwrap().seconds;
        assert_eq!(second.rows[0].rate, Some(1.0 / seconds));
        drop((one, other));
        while *census.is_running.lock().unwrap() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let after = census.watch().next().await.unwrap();
        assert!(after.since.is_none(), "it has begun anew");
    }
}
