//! A store whose disk stands still, or takes a second for each commit.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::{
    io,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::sleep,
    time::Duration,
};

use redb::{StorageBackend, backends::InMemoryBackend};
use sse_core::history::History;
use sse_redb::{Store, StoreConfig};
use sse_testkit::{Listener, OpenStore, Response, Setup, post, run};
use support::start;

#[test]
fn a_disk_that_stands_still_holds_up_publishers_and_nobody_else() {
    run(async {
        let target = start(over(|history| {
            open(history, || Ok(Box::new(StandingDisk(InMemoryBackend::new()))))
        }))
        .await;
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
                assert_is_refused(&publisher.response().await);
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
            let block = next_event(&mut listener).await;
            assert!(block.starts_with(&event), "{block:?} in the place of {number}");
        }
        assert_eq!(target.post("ping", "42", "safe").await.status(), 200, "it goes on");
    });
}

#[test]
fn a_disk_that_takes_a_second_for_a_commit_takes_what_waits_together_and_refuses_the_rest() {
    run(async {
        let target =
            start(over(|history| open(history, || Ok(Box::new(SlowDisk(InMemoryBackend::new()))))))
                .await;
        let mut listener = target.listen("42").await;
        target.publish("ping", "42", "before").await;
        assert!(listener.block().await.starts_with("event: ping\ndata: before\n"));

        IS_SLOW.store(true, Ordering::SeqCst);
        let mut publishers = Vec::new();
        for number in 0..5 * QUEUE {
            let mut publisher = target.connect().await;
            publisher.send(post("/ping/42", number.to_string().as_bytes())).await;
            publishers.push((number, publisher));
        }
        assert_eq!(listener.block().await, ":\n\n", "it is kept alive");
        let _newcomer = target.listen("42").await;
        let mut stored = Vec::new();
        for (number, mut publisher) in publishers {
            let response = publisher.response().await;
            match response.status() {
                200 => stored.push(format!("event: ping\ndata: {number}\n")),
                _ => assert_is_refused(&response),
            }
        }
        IS_SLOW.store(false, Ordering::SeqCst);

        assert!(QUEUE <= stored.len() && stored.len() < 5 * QUEUE, "{stored:?}");
        while !stored.is_empty() {
            let block = next_event(&mut listener).await;
            let at = stored.iter().position(|event| block.starts_with(event));
            stored.remove(at.unwrap_or_else(|| panic!("{block:?} is not among {stored:?}")));
        }
        assert_eq!(target.post("ping", "42", "after").await.status(), 200, "it goes on");
        assert!(next_event(&mut listener).await.starts_with("event: ping\ndata: after\n"));
    });
}

/// Channels that are kept in `store`, and streams that are silent for 200 ms at most.
fn over(store: OpenStore) -> Setup {
    let mut setup = Setup::default();
    setup.shared = true;
    setup.keepalive = Some(Duration::from_millis(200));
    setup.hub = |config| config.with_history(History::new(42));
    setup.store = Some(store);
    setup
}

fn open(
    history: &History,
    disk: fn() -> io::Result<Box<dyn StorageBackend>>,
) -> Arc<dyn sse_core::store::Store> {
    let config = StoreConfig::new("memory").with_history(history);
    Arc::new(Store::open_on(config.with_max_queue(QUEUE, 1 << 20), disk).unwrap())
}

fn assert_is_refused(response: &Response) {
    assert_eq!(response.status(), 503, "{response:?}");
    assert!(response.text().contains("History cannot be written now: "), "{response:?}");
    assert!(response.head.field("retry-after").is_some(), "{response:?}");
}

/// The next block that is not a keepalive.
async fn next_event(listener: &mut Listener) -> String {
    loop {
        let block = listener.block().await;
        if block != ":\n\n" {
            return block;
        }
    }
}

/// How many events may wait.
const QUEUE: usize = 4;

static IS_SLOW: AtomicBool = AtomicBool::new(false);

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
struct StandingDisk(InMemoryBackend);

impl StorageBackend for StandingDisk {
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

/// A disk in memory that takes a second to sync while it is slow.
#[derive(Debug)]
struct SlowDisk(InMemoryBackend);

impl StorageBackend for SlowDisk {
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
        if IS_SLOW.load(Ordering::SeqCst) {
            sleep(Duration::from_secs(1));
        }
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
