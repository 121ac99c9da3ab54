//! A store whose disk stands still.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::{
    io,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use redb::{StorageBackend, backends::InMemoryBackend};
use sse_core::history::History;
use sse_redb::{Store, StoreConfig};
use sse_testkit::{Setup, post, run};
use support::start;

#[test]
fn a_disk_that_stands_still_holds_up_publishers_and_nobody_else() {
    run(async {
        let mut setup = Setup::default();
        setup.shared = true;
        setup.keepalive = Some(Duration::from_millis(200));
        setup.hub = |config| config.with_history(History::new(42));
        setup.store = Some(|history| {
            let source = || Ok(Box::new(Disk(InMemoryBackend::new())) as _);
            let config = StoreConfig::new("memory").with_history(history);
            Arc::new(Store::open_on(config.with_max_queue(QUEUE, 1 << 20), source).unwrap())
        });
        let target = start(setup).await;
        let mut listener = target.listen("42").await;
        target.publish("ping", "42", "safe").await;
        assert!(listener.block().await.starts_with("event: ping\ndata: safe\n"));

        DISK.stand_still(true);
        let mut waiting = Vec::new();
        let mut refused = 0;
        for number in 0..QUEUE + 20 {
            let mut publisher = target.connect().await;
            publisher.send(post("/ping/42", number.to_string().as_bytes())).await;
            if publisher.comes_within(Duration::from_millis(50)).await {
                let response = publisher.response().await;
                assert_eq!(response.status(), 503, "{response:?}");
                assert!(
                    response.text().contains("History cannot be written now: "),
                    "{response:?}"
                );
                assert!(response.head.field("retry-after").is_some(), "{response:?}");
                refused += 1;
            } else {
                waiting.push((number, publisher));
            }
        }
        assert!(0 < refused && QUEUE <= waiting.len(), "{refused} refused, {} wait", waiting.len());
        assert_eq!(listener.block().await, ":\n\n", "it is kept alive");
        let _newcomer = target.listen("42").await;
        for (_, publisher) in &mut waiting {
            let response = publisher.response().await;
            assert_eq!(response.status(), 503, "{response:?}");
            assert!(response.text().contains("It is not known whether this was published"));
        }

        DISK.stand_still(false);
        for (number, _) in waiting {
            let event = format!("event: ping\ndata: {number}\n");
            let mut block = listener.block().await;
            while block == ":\n\n" {
                block = listener.block().await;
            }
            assert!(block.starts_with(&event), "{block:?} in the place of {number}");
        }
        assert_eq!(target.post("ping", "42", "safe").await.status(), 200, "it goes on");
    });
}

/// How many events may wait.
const QUEUE: usize = 4;

static DISK: Gate = Gate { is_shut: Mutex::new(false), changed: Condvar::new() };

struct Gate {
    is_shut: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    fn stand_still(&self, is_shut: bool) {
        *self.is_shut.lock().unwrap() = is_shut;
        self.changed.notify_all();
    }

    fn pass(&self) {
        let is_shut = self.is_shut.lock().unwrap();
        drop(self.changed.wait_while(is_shut, |is_shut| *is_shut).unwrap());
    }
}

/// A disk in memory that writes nothing while the gate is shut.
#[derive(Debug)]
struct Disk(InMemoryBackend);

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        DISK.pass();
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        DISK.pass();
        self.0.write(offset, data)
    }
}
