use std::{
    collections::BTreeMap,
    sync::Arc,
    task::{Poll, Waker},
};

use sse_core::{
    Hub, Token,
    hub::{HubEvent, Watcher},
};

/// What somebody knows of a hub who was given a snapshot, and then hears what changes.
#[derive(Debug)]
pub(crate) struct Watching {
    watcher: Watcher,
    /// By token, how many listened when it was last heard of.
    channels: BTreeMap<Token, usize>,
    /// By token, how many fell too far behind since this was last taken.
    cut: BTreeMap<Token, usize>,
    overruns: u64,
    gaps: u64,
}

impl Watching {
    pub(crate) fn new(hub: &Arc<Hub>) -> Self {
        let watcher = hub.watch();
        let channels = watcher.channels().iter();
        let channels = channels.map(|info| (info.token.clone(), info.listeners)).collect();
        let counts = hub.counts();
        let cut = BTreeMap::new();
        Self { watcher, channels, cut, overruns: counts.overruns, gaps: counts.gaps }
    }

    /// Hears what there is to hear; returns who fell too far behind, by token.
    pub(crate) fn listen(&mut self) -> BTreeMap<Token, usize> {
        while let Poll::Ready(event) = self.watcher.poll_next(Waker::noop()) {
            self.take(event.expect("the hub is there"));
        }
        std::mem::take(&mut self.cut)
    }

    /// Holds what was heard against the hub.
    pub(crate) fn check(&self, hub: &Hub) {
        let is_listened = |listeners: usize| 0 < listeners;
        let known = self.channels.iter().map(|(token, &here)| (token.clone(), is_listened(here)));
        let channels = hub.channels();
        let there = channels.iter().map(|info| (info.token.clone(), is_listened(info.listeners)));
        assert_eq!(known.collect::<BTreeMap<_, _>>(), there.collect(), "what a watcher knows");
        let counts = hub.counts();
        assert_eq!((self.overruns, self.gaps), (counts.overruns, counts.gaps), "what is counted");
    }

    /// The hub is gone, and the watcher hears of it.
    pub(crate) fn end(mut self) {
        loop {
            match self.watcher.poll_next(Waker::noop()) {
                Poll::Ready(Some(event)) => self.take(event),
                Poll::Ready(None) => break,
                Poll::Pending => panic!("a watcher is not told that its hub is gone"),
            }
        }
        assert!(self.channels.is_empty(), "nothing is left of {:?}", self.channels);
    }

    fn take(&mut self, event: HubEvent) {
        match event {
            HubEvent::Opened { token } => {
                assert_eq!(self.channels.insert(token, 0), None, "it was open already");
            }
            HubEvent::Closed { token } => {
                assert!(self.channels.remove(&token).is_some(), "it was not open");
            }
            HubEvent::FirstListener { token, listeners } => {
                assert_eq!(self.channels.insert(token, listeners), Some(0), "not the first");
                assert!(0 < listeners);
            }
            HubEvent::LastListener { token, listeners } => {
                let before = self.channels.insert(token, listeners);
                assert!(before.is_some_and(|before| 0 < before) && listeners == 0, "not the last");
            }
            HubEvent::Overrun { token, listeners } => {
                self.overruns += listeners as u64;
                *self.cut.entry(token).or_default() += listeners;
            }
            HubEvent::Gap { .. } => self.gaps += 1,
            other => panic!("nobody expects {other:?}"),
        }
    }
}
