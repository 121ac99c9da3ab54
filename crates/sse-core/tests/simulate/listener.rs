use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Wake, Waker},
    time::Instant,
};

use sse_core::{CloseReason, OnOverrun, Output, Subscriber};

use crate::channel::Channel;

/// A listener under test, and where it stands.
pub(crate) struct Listener {
    pub(crate) subscriber: Subscriber,
    pub(crate) token: usize,
    /// The life of the channel that it listens to.
    pub(crate) life: usize,
    /// The last event that it has seen.
    pub(crate) at: u64,
    /// What it has still to be told before anything else.
    pub(crate) preface: Option<String>,
    /// The last event that it gets, once another has taken its channel over.
    pub(crate) replaced_at: Option<u64>,
    /// Whether the hub has said that somebody was cut, and it was this one.
    pub(crate) is_cut: bool,
    pub(crate) is_over: bool,
    woken: Arc<Woken>,
    /// How often it had been woken when it went idle.
    idle_since: Option<usize>,
}

/// What one look at a listener has shown.
#[derive(Debug, Default)]
pub(crate) struct Look {
    pub(crate) gaps: u64,
    pub(crate) overruns: u64,
    pub(crate) events: u64,
    pub(crate) replaced: u64,
    pub(crate) is_waiting: bool,
}

impl Look {
    /// Whether it shows where the listener stands.
    pub(crate) fn is_telling(&self) -> bool {
        self.is_waiting || 0 < self.events + self.gaps + self.overruns
    }
}

impl Listener {
    pub(crate) fn new(subscriber: Subscriber, token: usize, life: usize, at: u64) -> Self {
        Self {
            subscriber,
            token,
            life,
            at,
            preface: None,
            replaced_at: None,
            is_cut: false,
            is_over: false,
            woken: Arc::default(),
            idle_since: None,
        }
    }

    /// Whether a publication to `token` has to reach it.
    pub(crate) fn is_connected(&self, token: usize, channel: &Channel) -> bool {
        self.token == token
            && channel.is_alive
            && self.life + 1 == channel.lives.len()
            && self.replaced_at.is_none()
            && !self.is_cut
            && !self.is_over
    }

    /// It was published to, or its channel ended: if it was idle, it was woken.
    pub(crate) fn assert_woken(&mut self) {
        if let Some(count) = self.idle_since.take() {
            assert!(count < self.woken.count(), "an idle listener was not woken");
        }
    }

    /// Takes one output and holds it against the model.
    pub(crate) fn look(&mut self, channel: &Channel, then: OnOverrun, now: Instant) -> Look {
        self.subscriber.handle_timeout(now);
        let mut look = Look::default();
        let life = &channel.lives[self.life];
        let is_current = channel.is_alive && self.life + 1 == channel.lives.len();
        let waker = Waker::from(self.woken.clone());
        match self.subscriber.poll_output(&waker, now) {
            Output::Write(bytes) => {
                let text = str::from_utf8(&bytes).unwrap();
                for block in text.split_terminator("\n\n") {
                    self.take(block, channel, then, &mut look);
                }
                assert!(text.ends_with("\n\n"), "whole blocks");
            }
            Output::Wait { .. } => {
                assert!(self.preface.is_none() && is_current, "an end was not told");
                assert_eq!(self.at, life.top(), "it waits and has not seen everything");
                self.idle_since = Some(self.woken.count());
                look.is_waiting = true;
            }
            Output::Close(CloseReason::Overrun { missed }) => {
                assert!(then == OnOverrun::Close || self.replaced_at.is_some() || !is_current);
                assert!(self.at + missed <= life.top(), "more is missed than there was");
                look.overruns += u64::from(!self.is_over);
                self.is_over = true;
                self.is_cut = true;
            }
            Output::Close(CloseReason::Finished | CloseReason::Shutdown) => {
                assert!(!is_current || self.is_over, "it was ended for no reason");
                assert_eq!(self.at, life.top(), "it was ended before it had seen everything");
                self.is_over = true;
            }
            Output::Close(CloseReason::Replaced) => {
                assert_eq!(Some(self.at), self.replaced_at, "it was replaced too early");
                self.is_over = true;
            }
            Output::Close(other) => panic!("nobody asked for {other:?}"),
        }
        look
    }

    fn take(&mut self, block: &str, channel: &Channel, then: OnOverrun, look: &mut Look) {
        if let Some(preface) = self.preface.take() {
            assert_eq!(block, preface, "the first block");
            return;
        }
        let life = &channel.lives[self.life];
        let lines: Vec<_> = block.lines().collect();
        let name = lines.iter().find_map(|line| line.strip_prefix("event: "));
        match name {
            Some("ping") => {
                let event = &life.events[usize::try_from(self.at).unwrap()];
                let expected = format!("event: ping\ndata: {}\nid: {}", event.data, event.id);
                assert_eq!(block, expected, "the event after {}", self.at);
                assert!(self.replaced_at.is_none_or(|last| self.at < last), "not its event");
                self.at += 1;
                look.events += 1;
            }
            Some("sse.gap") => {
                assert_eq!(then, OnOverrun::Gap, "a gap in the middle of a stream");
                let data = lines.iter().find_map(|line| line.strip_prefix("data: ")).unwrap();
                let (_, missed) = data.split_once("\"missed\":").unwrap();
                let missed: u64 = missed.trim_end_matches('}').parse().unwrap();
                let next = self.at + missed;
                let (requested, id) = if life.epoch.is_empty() {
                    ("null".to_owned(), String::new())
                } else {
                    let epoch = &life.epoch;
                    (format!("\"{}.{epoch}\"", self.at), format!("\nid: {next}.{epoch}"))
                };
                let expected = format!(
                    "event: sse.gap\ndata: {{\"reason\":\"trimmed\",\"requested\":{requested},\
                     \"missed\":{missed}}}{id}"
                );
                assert_eq!(block, expected);
                self.at = next;
                look.gaps += 1;
            }
            Some("sse.replaced") => {
                assert_eq!(block, "event: sse.replaced\nretry: 86400000\ndata: {}");
                assert_eq!(Some(self.at), self.replaced_at);
                look.replaced += 1;
            }
            Some("sse.end") => {
                assert_eq!(self.at, life.top(), "the end before everything was seen")
            }
            Some(other) => panic!("nobody published {other:?}"),
            None => assert!(block == ":" || block.starts_with("retry: "), "{block:?}"),
        }
    }
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Woken {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
