//! Code of the hub's user that the hub runs: it may ask the hub, since no lock is held meanwhile.

use std::{
    sync::{
        Arc, Mutex, OnceLock, Weak,
        mpsc::{self, Receiver, Sender},
    },
    task::{Poll, Wake, Waker},
    thread,
    time::Duration,
};

use http::HeaderValue;
use sse_core::{
    Hub, HubConfig, StringFormat, Token,
    channel::{Mode, Output},
    event::EventId,
    format::{Format, FormatError},
    id_source::IdSource,
};

use crate::support::{World, epoch, history, ping, quiet, token};

#[test]
fn who_gives_modes_may_ask_the_hub() {
    within_reason(|| {
        for config in [quiet(), quiet().with_history(history())] {
            let (hub, asked) = (Later::default(), Later::default());
            let (asks, is_asked) = (hub.clone(), asked.clone());
            let world = World::new(config.with_mode_of(move |token: &Token| {
                asks.ask(token);
                is_asked.set(&asks.get());
                Mode::Shared
            }));
            hub.set(&world.hub);

            let one = world.hub.subscribe(&token("t"), world.now).unwrap();
            let other = world.hub.subscribe(&token("t"), world.now).unwrap();

            assert!(asked.0.get().is_some());
            drop((one, other));
        }
    });
}

#[test]
fn a_format_may_ask_the_hub_and_publish() {
    within_reason(|| {
        for config in [quiet_of, remembering_of] {
            let hub = Later::default();
            let world = World::new(config(Echo(hub.clone())).with_mode(Mode::Shared));
            hub.set(&world.hub);
            let mut listener = world.hub.subscribe(&token("t"), world.now).unwrap();
            world.read(&mut listener);

            world.post("t", "again").wake();

            let data: Vec<_> = world
                .read(&mut listener)
                .lines()
                .filter_map(|line| line.strip_prefix("data: ").map(str::to_owned))
                .collect();
            assert_eq!(data, ["echo", "again"]);
        }
    });
}

#[test]
fn a_waker_may_ask_the_hub_when_it_wakes_and_when_it_is_dropped() {
    within_reason(|| {
        let world = World::new(quiet().with_mode(Mode::Shared));
        let mut listener = world.listen("t");
        let asking = || Waker::from(Arc::new(Asking(world.hub.clone())));
        // Each of these is dropped by the hub: replaced, woken, given back with its listener.
        for _ in 0..2 {
            let waits = listener.poll_output(&asking(), world.now);
            assert_eq!(waits, Output::Wait { until: None });
        }
        world.post("t", "1").wake();
        assert_eq!(world.read(&mut listener), ping("1"));
        let waits = listener.poll_output(&asking(), world.now);
        assert_eq!(waits, Output::Wait { until: None });
        drop(listener);
    });
}

#[test]
fn the_waker_of_a_watcher_may_ask_the_hub() {
    within_reason(|| {
        let world = World::new(quiet());
        let mut watcher = world.hub.watch();
        for _ in 0..2 {
            let waker = Waker::from(Arc::new(Asking(world.hub.clone())));
            assert!(matches!(watcher.poll_next(&waker), Poll::Pending));
        }
        drop(world.listen("t"));
        while watcher.poll_next(Waker::noop()).is_ready() {}
        drop(watcher);
    });
}

#[test]
fn while_one_channel_waits_for_its_ids_all_others_go_on() {
    within_reason(|| {
        let (gate, held) = mpsc::channel();
        let (begun, begins) = mpsc::channel();
        let ids = Gated { held: Mutex::new(held), begun: Mutex::new(begun) };
        let world = World::new(quiet().with_ids(ids));
        let _slow = world.listen("slow");
        let mut other = world.listen("other");
        thread::scope(|scope| {
            let waiting = scope.spawn(|| world.post("slow", "1").wake());
            begins.recv().unwrap();

            // The channel that waits is locked; nothing else is.
            let retry = world.hub.set_retry(&token("other"), Duration::ZERO, world.now);
            retry.unwrap().wake();
            assert_eq!(world.read(&mut other), "retry: 0\n\n");
            drop(world.listen("new"));
            assert_eq!(world.hub.listeners(&token("new")), 0);
            let _nobody_listens = world.hub.publish(&token("nobody"), "ping", b"", world.now);

            gate.send(()).unwrap();
            waiting.join().unwrap();
        });
    });
}

/// Fails where a lock is taken twice, which would wait for ever.
fn within_reason(run: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel();
    #[expect(clippy::disallowed_methods, reason = "what waits for ever waits in a thread")]
    let thread = thread::spawn(move || {
        run();
        done.send(()).unwrap();
    });
    if wait.recv_timeout(Duration::from_secs(20)) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("it waits for a lock that it holds");
    }
    thread.join().unwrap();
}

/// A hub that code is given which is part of its configuration.
#[derive(Clone, Debug, Default)]
struct Later(Arc<OnceLock<Weak<Hub>>>);

impl Later {
    fn set(&self, hub: &Arc<Hub>) {
        let _once = self.0.set(Arc::downgrade(hub));
    }

    fn get(&self) -> Arc<Hub> {
        self.0.get().unwrap().upgrade().unwrap()
    }

    fn ask(&self, token: &Token) {
        ask(&self.get(), token);
    }
}

/// Everything that takes a lock.
fn ask(hub: &Hub, token: &Token) {
    let _listeners = hub.listeners(token);
    let _channels = hub.channels();
    let _counts = (hub.counts(), hub.recount());
    let _checked = hub.check_publish(token, "ping", epoch());
    let _start = hub.check_subscribe(token, &sse_core::history::Start::default(), epoch());
    hub.expire(epoch());
}

fn quiet_of(format: Echo) -> HubConfig {
    HubConfig::new(format).with_keepalive(None)
}

fn remembering_of(format: Echo) -> HubConfig {
    quiet_of(format).with_history(history())
}

/// Publishes something else before what it is asked for.
#[derive(Debug)]
struct Echo(Later);

impl Format for Echo {
    fn content_type(&self) -> HeaderValue {
        StringFormat.content_type()
    }

    fn data(&self, body: &[u8]) -> Result<String, FormatError> {
        if body != b"echo" {
            let hub = self.0.get();
            ask(&hub, &token("t"));
            hub.publish(&token("t"), "ping", b"echo", epoch()).unwrap().wake();
        }
        StringFormat.data(body)
    }
}

struct Asking(Arc<Hub>);

impl Wake for Asking {
    fn wake(self: Arc<Self>) {
        ask(&self.0, &token("t"));
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        ask(&self.0, &token("t"));
    }
}

/// Says when it is asked for an ID, and gives it when it is told to.
#[derive(Debug)]
struct Gated {
    begun: Mutex<Sender<()>>,
    held: Mutex<Receiver<()>>,
}

impl IdSource for Gated {
    fn next_id(&self, _now: std::time::Instant) -> EventId {
        self.begun.lock().unwrap().send(()).unwrap();
        self.held.lock().unwrap().recv().unwrap();
        EventId::from_static("1")
    }
}
