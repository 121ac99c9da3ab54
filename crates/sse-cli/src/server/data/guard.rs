use std::{mem::replace, sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::{Data, Trouble};
use crate::server::admin::Seen;

impl Data {
    /// Logs what becomes of the store, and has the server end its streams once nothing is stored any more.
    pub(in crate::server) async fn guard(self: Arc<Self>, seen: Seen) {
        let mut looks = interval(BETWEEN_LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut known = Known::default();
        loop {
            looks.tick().await;
            self.look(&mut known);
            // While the server starts there is nothing to end yet.
            if known.has_failed && seen.end_after_failure() {
                return;
            }
        }
    }

    fn look(&self, known: &mut Known) {
        let trouble = self.trouble();
        let is_full = matches!(trouble, Some(Trouble::Full { .. }));
        match trouble {
            Some(Trouble::Failed(failure)) => {
                if !replace(&mut known.has_failed, true) {
                    tracing::error!("{failure}; the server ends");
                }
                return;
            }
            Some(full @ Trouble::Full { .. }) if !known.is_full => {
                tracing::error!("nothing is stored: {full}");
            }
            _ if known.is_full && !is_full => tracing::info!("histories are stored again"),
            _ => {}
        }
        known.is_full = is_full;
        let counts = self.counts();
        if replace(&mut known.damaged, counts.damaged) < counts.damaged {
            tracing::error!(
                records = counts.damaged,
                "events cannot be read from disk, and listeners are told of a gap"
            );
        }
        if replace(&mut known.lost, counts.lost) < counts.lost {
            tracing::error!(
                events = counts.lost,
                "events that were delivered are not on disk (--durability relaxed)"
            );
        }
    }
}

/// What was logged already.
#[derive(Debug, Default)]
struct Known {
    is_full: bool,
    has_failed: bool,
    damaged: u64,
    lost: u64,
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::atomic::{AtomicBool, Ordering},
    };

    use redb::{StorageBackend, backends::InMemoryBackend};
    use sse_access::limits::Limits;
    use sse_core::{
        Event, Gateway, GatewayConfig, Hub, HubConfig, StringFormat, Token, history::History,
        hub::PublishError,
    };
    use sse_hyper::{Channels, Server};
    use sse_redb::{Store, StoreConfig};
    use tokio::sync::Semaphore;

    use super::*;
    use crate::server::histories::Histories;

    #[tokio::test]
    async fn a_disk_that_fails_to_sync_ends_the_server_which_says_why() {
        let fails = Arc::new(AtomicBool::new(false));
        let data = data_on(fails.clone());
        let config = HubConfig::new(StringFormat).with_history(History::new(1));
        let hub = Hub::new(config.with_store(data.store()));
        let (seen, mut drains) =
            Seen::new(hub.clone(), Arc::new(Limits::new()), Histories::OnDisk(data.clone()));
        let guard = tokio::spawn(data.clone().guard(seen.clone()));
        let (channels, token) = (Channels::new(hub.clone()), Token::new("42").unwrap());
        assert!(channels.submit_all(&token, [Event::data("1")]).await.is_ok());
        assert_eq!(data.trouble(), None);
        assert!(data.flush(Duration::from_secs(30)).is_ok());

        fails.store(true, Ordering::SeqCst);
        let published = channels.submit_all(&token, [Event::data("2")]).await;

        assert!(matches!(published, Err(PublishError::Unknown(_))), "{published:?}");
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        seen.serve(server.handle(), Gateway::new(hub, GatewayConfig::default()));
        assert_eq!(drains.recv().await, Some(None), "once it serves, it drains");
        guard.await.unwrap();
        let said = data.trouble().unwrap().to_string();
        assert!(said.starts_with("the disk failed to sync the history: "), "{said}");
        let failed = data.flush(Duration::from_secs(30)).unwrap_err();
        assert_eq!(failed.reason(), said);
    }

    fn data_on(fails: Arc<AtomicBool>) -> Arc<Data> {
        let source = move || -> io::Result<Box<dyn StorageBackend>> {
            Ok(Box::new(Failing { below: InMemoryBackend::new(), fails: fails.clone() }))
        };
        let store = Store::open_on(StoreConfig::new("memory"), source).unwrap();
        let copier = Arc::new(Semaphore::new(1));
        Arc::new(Data { store: Arc::new(store), dir: "memory".into(), copier })
    }

    #[derive(Debug)]
    struct Failing {
        below: InMemoryBackend,
        fails: Arc<AtomicBool>,
    }

    impl StorageBackend for Failing {
        fn len(&self) -> io::Result<u64> {
            self.below.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.below.read(offset, out)
        }

        fn set_len(&self, len: u64) -> io::Result<()> {
            self.below.set_len(len)
        }

        fn sync_data(&self) -> io::Result<()> {
            if self.fails.load(Ordering::SeqCst) {
                return Err(io::Error::other("input/output error"));
            }
            self.below.sync_data()
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.below.write(offset, data)
        }
    }
}
