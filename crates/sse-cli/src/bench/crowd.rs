use std::{cell::RefCell, io, rc::Rc, time::Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::{JoinHandle, spawn_local};

use super::{
    bar,
    config::Config,
    connection::{BUFFER, Body},
    listener::Listener,
    reader::Reader,
    script::Script,
    tally::Tally,
};

/// All listeners, each read by a task of its own.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    config: Rc<Config>,
    tally: Tally,
    begun: Instant,
    buffer: Rc<RefCell<[u8; BUFFER]>>,
    /// Of each channel, if its listeners have something to share.
    scripts: Rc<[Option<Rc<RefCell<Script>>>]>,
}

impl Crowd {
    pub(super) fn new(config: Rc<Config>, tally: Tally, begun: Instant) -> Self {
        let script = || (config.channels < config.listeners).then(Rc::default);
        let scripts = (0..config.channels).map(|_| script()).collect();
        Self { config, tally, begun, buffer: Rc::new(RefCell::new([0; BUFFER])), scripts }
    }

    /// Opens all streams, several at once.
    pub(super) async fn connect(&self) -> io::Result<Vec<(Listener, Body)>> {
        let bar = bar("connecting", self.config.listeners as u64);
        let opening = stream::iter(0..self.config.listeners).map(|number| {
            let bar = bar.clone();
            async move {
                let opened = self.open(number).await;
                bar.inc(1);
                opened
            }
        });
        let opened = opening.buffered(AT_ONCE).try_collect().await;
        bar.finish_and_clear();
        opened
    }

    /// Opens the stream of listener `number`.
    pub(super) async fn open(&self, number: usize) -> io::Result<(Listener, Body)> {
        Listener::open(&self.config.listen, number % self.config.channels, number).await
    }

    /// Reads a stream from its beginning on.
    pub(super) fn read(&self, listener: Listener, body: Body) -> JoinHandle<()> {
        let script = self.scripts[listener.channel].clone();
        let reader = Reader::new(listener, self.tally.clone(), self.begun, script);
        spawn_local(reader.read(body, self.buffer.clone()))
    }

    /// Opens a stream while events are published, and reads it.
    pub(super) async fn join(&self, number: usize) {
        match self.open(number).await {
            Ok((listener, body)) => {
                let reader = Reader::new(listener.amid(), self.tally.clone(), self.begun, None);
                reader.read(body, self.buffer.clone()).await;
            }
            Err(_) => self.tally.seen().broken += 1,
        }
    }
}

const AT_ONCE: usize = 64;
